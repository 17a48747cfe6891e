using System.Text.Json;
using System.Text.Json.Nodes;
using Heirloom.Encoding.Chat;
using Microsoft.Extensions.AI;

namespace Heirloom.Generation.Clients;

/// <summary>A conversation in the abstractions' types, in the form in which chat templates read it.</summary>
internal static class ChatPrompt
{
    public static ChatTemplateInput Of(IEnumerable<ChatMessage> messages, ChatOptions? options, IReadOnlyDictionary<string, string> specialTokens, DateTimeOffset now)
    {
        var turns = new JsonArray();
        if (options?.Instructions is { Length: > 0 } instructions)
        {
            turns.Add(new JsonObject { ["role"] = "system", ["content"] = instructions });
        }

        foreach (var message in messages)
        {
            Add(turns, message);
        }

        var tools = options is { ToolMode: not NoneChatToolMode } ? options.Tools?.OfType<AIFunctionDeclaration>().Select(Tool).ToArray() : null;
        return new()
        {
            Messages = turns,
            Tools = tools is { Length: > 0 } ? new([.. tools]) : null,
            SpecialTokens = specialTokens,
            Now = now,
        };
    }

    private static void Add(JsonArray turns, ChatMessage message)
    {
        var results = message.Contents.OfType<FunctionResultContent>().ToList();
        foreach (var result in results)
        {
            turns.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = Text(result.Result) });
        }

        if (message.Contents.FirstOrDefault(c => c is DataContent or UriContent) is { } foreign)
        {
            throw new UserError($"a {foreign.GetType().Name} cannot be read: the model reads text", "messages", "leave it away, or describe it");
        }

        if (results.Count > 0 && message.Text.Length == 0)
        {
            return;
        }

        var turn = new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text };
        if (message.Contents.OfType<FunctionCallContent>().ToList() is { Count: > 0 } calls)
        {
            turn["tool_calls"] = new JsonArray([.. calls.Select(c => new JsonObject
            {
                ["id"] = c.CallId,
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = c.Name, ["arguments"] = JsonSerializer.SerializeToNode(c.Arguments, AIJsonUtilities.DefaultOptions) },
            })]);
        }

        turns.Add(turn);
    }

    private static JsonObject Tool(AIFunctionDeclaration tool) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = tool.Name,
            ["description"] = tool.Description,
            ["parameters"] = JsonNode.Parse(tool.JsonSchema.GetRawText()),
        },
    };

    private static string Text(object? result) => result is string text ? text : JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions);
}
