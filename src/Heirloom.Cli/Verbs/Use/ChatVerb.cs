using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Heirloom.Encoding.Chat;
using Heirloom.Generation.Clients;
using Heirloom.Models;
using Microsoft.Extensions.AI;

namespace Heirloom.Cli.Verbs.Use;

/// <summary><c>heirloom chat</c>: a conversation with a model, by the chat template in its folder.</summary>
internal sealed class ChatVerb : IVerb
{
    public string Group => VerbGroup.Models;

    public Command Build(CliContext context)
    {
        var model = UseOptions.Model();
        var adapter = UseOptions.Adapter();
        var message = new Option<string[]>("--message") { Description = "what to say, instead of asking for it; may be given several times, one turn each" };
        var system = new Option<string?>("--system") { Description = "what the model is told first" };
        var template = new Option<string?>("--template") { Description = "the name of one of the folder's templates, or a file" };
        var messages = new Option<string?>("--messages") { Description = "a JSON file with a conversation so far (and 'tools', 'documents'), which the model is to answer" };
        var prompt = new Option<bool>("--show-prompt") { Description = "write nothing, and show the text that the model would read" };
        var sampling = new SamplingOptions(512);
        var command = new Command("chat", "Talk with a model") { model, adapter, message, system, template, messages, prompt };
        sampling.AddTo(command);
        command.SetAction(async (parsed, stop) =>
        {
            var config = sampling.Config(parsed);
            var said = parsed.GetValue(message) ?? [];
            if (parsed.GetValue(messages) is not null && (said.Length > 0 || parsed.GetValue(system) is not null))
            {
                throw new UserError("the conversation is given twice", messages.Name, "give a file, or turns by --message and --system");
            }

            var conversation = parsed.GetValue(messages) is { } file ? Conversation.Read(file) : null;
            using var used = UsedModel<ICausalLM>.Open(context, parsed.GetRequiredValue(model), parsed.GetValue(adapter), sampling.Weights(parsed));
            var chosen = Template(used.Folder.Folder, parsed.GetValue(template), conversation?.Tools is not null);
            if (conversation is not null || parsed.GetValue(prompt))
            {
                var input = conversation ?? new ChatTemplateInput { Messages = ChatTemplateInput.Turns([.. System(parsed.GetValue(system)), .. said.Select(t => ("user", t))]), Now = default };
                var text = chosen.Render(input with { SpecialTokens = LocalChatClient.SpecialTokens(used.Tokenizer), Now = context.Clock.GetLocalNow() }).Text;
                if (parsed.GetValue(prompt))
                {
                    context.Line(text);
                    return ExitCode.Ok;
                }

                Answer(context, used, text, config, sampling.Seed(parsed));
                return ExitCode.Ok;
            }

            config = config with { StopIds = used.Folder.StopIds(used.Tokenizer) };
            using var client = new LocalChatClient(used.Model, used.Tokenizer, chosen, config, sampling.Seed(parsed), Path.GetFileName(used.Folder.Folder), context.Clock);
            await Talk(context, client, parsed.GetValue(system), said, stop).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task Talk(CliContext context, LocalChatClient client, string? system, string[] said, CancellationToken stop)
    {
        List<ChatMessage> turns = system is null ? [] : [new(ChatRole.System, system)];
        var writer = context.Out.Profile.Out.Writer;
        var asks = said.Length == 0;
        foreach (var turn in asks ? Typed(context) : said)
        {
            turns.Add(new(ChatRole.User, turn));
            var answer = new List<ChatResponseUpdate>();
            await foreach (var update in client.GetStreamingResponseAsync(turns, cancellationToken: stop).ConfigureAwait(false))
            {
                answer.Add(update);
                await writer.WriteAsync(update.Text.AsMemory(), stop).ConfigureAwait(false);
                await writer.FlushAsync(stop).ConfigureAwait(false);
            }

            context.Line();
            turns.AddMessages(answer);
        }
    }

    private static IEnumerable<string> Typed(CliContext context)
    {
        while (true)
        {
            if (context.Error.Profile.Capabilities.Interactive)
            {
                context.Error.Profile.Out.Writer.Write("> ");
            }

            if (context.In.ReadLine() is not { } line)
            {
                yield break;
            }

            if (line.Length > 0)
            {
                yield return line;
            }
        }
    }

    private static void Answer(CliContext context, UsedModel<ICausalLM> used, string prompt, Generation.Text.TextGenerationConfig config, Seed seed)
    {
        var writer = context.Out.Profile.Out.Writer;
        new Generation.Text.TextGenerator(used.Model, used.Tokenizer).Generate(
            [used.Tokenizer.Encode(prompt)], config with { StopIds = used.Folder.StopIds(used.Tokenizer) }, seed, piece =>
            {
                writer.Write(piece.Text);
                writer.Flush();
            }, stop: context.Stop);
        context.Line();
    }

    private static IEnumerable<(string, string)> System(string? system) => system is null ? [] : [("system", system)];

    private static ChatTemplate Template(string folder, string? name, bool tools) => name is not null && File.Exists(name)
        ? ChatTemplate.Parse(File.ReadAllText(name), name)
        : ChatTemplateFile.Read(folder).Get(name, tools);

    private static class Conversation
    {
        public static ChatTemplateInput Read(string file)
        {
            try
            {
                var node = JsonNode.Parse(File.ReadAllText(file));
                var parts = node as JsonObject;
                return new()
                {
                    Messages = (node as JsonArray ?? parts?["messages"] as JsonArray)?.DeepClone().AsArray() ?? throw new UserError("holds no conversation", file, "a list of messages, or an object with 'messages'"),
                    Tools = parts?["tools"]?.DeepClone().AsArray(),
                    Documents = parts?["documents"]?.DeepClone().AsArray(),
                    AddGenerationPrompt = parts?["add_generation_prompt"]?.GetValue<bool>() ?? true,
                    More = parts is null ? null : new(parts.Where(p => p.Key is not ("messages" or "tools" or "documents" or "add_generation_prompt")).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))),
                    Now = default,
                };
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                throw new UserError($"cannot be read: {e.Message.ReplaceLineEndings(" ")}", file, "a JSON list of messages, or an object with 'messages'", e);
            }
        }
    }
}
