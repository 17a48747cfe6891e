using Heirloom.Encoding;
using Heirloom.Encoding.Chat;
using Heirloom.Generation;
using Heirloom.Generation.Clients;
using Heirloom.Generation.Text;
using Heirloom.Models.Heads;
using Microsoft.Extensions.AI;

namespace Heirloom.Tests.Generation;

public sealed class ClientTests
{
    private const string Template = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

    private static readonly ChatMessage[] s_hello = [new(ChatRole.User, "the cat")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StreamsWhatItAnswersAndCountsTokens()
    {
        using var model = TinyText.Model(context: 256);
        using var client = Client(model);
        var options = new ChatOptions { MaxOutputTokens = 12, Temperature = 0.7f, TopK = 20, TopP = 0.9f, Seed = 9 };
        var whole = await client.GetResponseAsync(s_hello, options, Stop);
        var pieces = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync(s_hello, options, Stop))
        {
            pieces.Add(update);
        }

        var prompt = TinyText.Tokenizer.Encode("<|user|>the cat<|assistant|>");
        var expected = new TextGenerator(model, TinyText.Tokenizer).Generate([prompt], new() { MaxTokens = 12, Sampling = new() { Temperature = 0.7f, TopK = 20, TopP = 0.9f } }, new Seed(9), stop: Stop)[0];
        Assert.Equal(expected.Text, whole.Text);
        Assert.Equal(whole.Text, string.Concat(pieces.Select(p => p.Text)));
        Assert.True(pieces.Count > 3);
        Assert.Equal((prompt.Length, 12, prompt.Length + 12), (whole.Usage!.InputTokenCount, whole.Usage.OutputTokenCount, whole.Usage.TotalTokenCount));
        Assert.Equal(ChatFinishReason.Length, whole.FinishReason);
        Assert.Equal(("tiny", ChatRole.Assistant), (whole.ModelId, whole.Messages.Single().Role));
    }

    [Fact]
    public async Task ReadsAPromptWholeWhateverItsTokenizersFileSays()
    {
        using var model = TinyText.Model(context: 256);
        var cutting = new Tokenizer(TinyText.Tokenizer.Definition with { Truncation = new() { MaxLength = 4 } }, TinyText.Tokenizer.Roles);
        using var client = new LocalChatClient(model, cutting, ChatTemplate.Parse(Template), new() { MaxTokens = 2 }, new Seed(1));

        var answer = await client.GetResponseAsync(s_hello, cancellationToken: Stop);

        Assert.Equal(TinyText.Tokenizer.Encode("<|user|>the cat<|assistant|>").Length, answer.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task StopsAtStopSequences()
    {
        using var model = TinyText.Model(context: 256);
        using var client = Client(model);
        var plain = await client.GetResponseAsync(s_hello, new() { MaxOutputTokens = 30, Seed = 4 }, Stop);
        var stop = plain.Text.Substring(5, 2);
        var cut = await client.GetResponseAsync(s_hello, new() { MaxOutputTokens = 30, Seed = 4, StopSequences = [stop] }, Stop);
        Assert.Equal(plain.Text[..plain.Text.IndexOf(stop, StringComparison.Ordinal)], cut.Text);
        Assert.Equal(ChatFinishReason.Stop, cut.FinishReason);
    }

    [Fact]
    public async Task StopsWhenAskedAndIsFreeAgain()
    {
        using var model = TinyText.Model(context: 4096);
        using var client = Client(model);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync(s_hello, new() { MaxOutputTokens = 4000 }, stop.Token))
            {
                if (++seen == 3)
                {
                    await stop.CancelAsync();
                }
            }
        });
        await foreach (var update in client.GetStreamingResponseAsync(s_hello, new() { MaxOutputTokens = 4000 }, Stop))
        {
            break; // whoever stops reading stops the writing too
        }

        Assert.NotEmpty((await client.GetResponseAsync(s_hello, new() { MaxOutputTokens = 5, Seed = 1 }, Stop)).Messages);
    }

    [Fact]
    public async Task RefusesWhatItCannotDo()
    {
        using var model = TinyText.Model();
        using var client = Client(model);
        await Refused("only text", new() { ResponseFormat = ChatResponseFormat.Json }, s_hello);
        await Refused("temperature", new() { Temperature = -1 }, s_hello);
        await Refused("'abc' is no number", new() { AdditionalProperties = new() { ["min_p"] = "abc" } }, s_hello);
        await Refused("2.5 is no whole number", new() { AdditionalProperties = new() { ["no_repeat_ngram_size"] = 2.5 } }, s_hello);
        await Refused("'true' is no number", new() { AdditionalProperties = new() { ["min_p"] = System.Text.Json.JsonSerializer.SerializeToElement(value: "true") } }, s_hello);
        await Refused("repetition_penalty", new() { AdditionalProperties = new() { ["repetition_penalty"] = System.Text.Json.JsonSerializer.SerializeToElement(value: 1000) } }, s_hello);
        await Refused("must be a finite number", new() { PresencePenalty = float.NaN }, s_hello);
        await Refused("cannot be read", null, [new(ChatRole.User, [new UriContent("https://example.org/a.png", "image/png")])]);
        await Refused("do not fit the model's context of 64", null, [new(ChatRole.User, new string('x', 100))]);

        async Task Refused(string message, ChatOptions? options, ChatMessage[] turns) =>
            Assert.Contains(message, (await Assert.ThrowsAsync<UserError>(() => client.GetResponseAsync(turns, options, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ToolsAndTheirResultsReachTheTemplate()
    {
        using var model = TinyText.Model(context: 2048);
        using var client = Client(model, "{{ raise_exception('' ~ (tools | length ~ messages | map(attribute='role') | join(',') ~ messages[2].tool_calls[0].function.arguments.a ~ messages[3].content)) }}");
        ChatMessage[] turns =
        [
            new(ChatRole.User, "add"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "add", new Dictionary<string, object?> { ["a"] = 5 })]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "seven")]),
        ];
        var error = await Assert.ThrowsAsync<UserError>(() => client.GetResponseAsync(
            turns, new() { Instructions = "be", Tools = [AIFunctionFactory.Create((int a) => a, "add")] }, Stop));
        Assert.Contains("1system,user,assistant,tool5seven", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmbedsTexts()
    {
        using var model = TinyText.Model();
        var embedder = new TextEmbedder(model, TinyText.Tokenizer, new() { Pooling = Pooling.Mean, Normalize = true, BatchSize = 2 });
        using var generator = new LocalEmbeddingGenerator(embedder, "tiny");
        string[] texts = ["the cat", "é", "the dog sat on the log", "the cat"];
        var got = await generator.GenerateAsync(texts, cancellationToken: Stop);

        Assert.Equal(texts.Sum(t => TinyText.Tokenizer.Encode(t).Length), got.Usage!.InputTokenCount);
        Assert.All(got, e => Assert.Equal(1, e.Vector.ToArray().Sum(x => x * x), 1e-5));
        Assert.All(got[0].Vector.ToArray().Zip(got[3].Vector.ToArray()), p => Assert.Equal(p.First, p.Second, 1e-5));
        for (var i = 0; i < texts.Length; i++)
        {
            var alone = embedder.Embed([texts[i]], Stop)[0];
            Assert.All(alone.Zip(got[i].Vector.ToArray()), p => Assert.Equal(p.First, p.Second, 1e-5)); // padding is not seen
        }

        var cut = (await generator.GenerateAsync(["x"], new() { Dimensions = 4 }, Stop))[0].Vector.ToArray();
        Assert.Equal(4, cut.Length);
        Assert.Equal(1, cut.Sum(x => x * x), 1e-5);
        await Assert.ThrowsAsync<UserError>(() => generator.GenerateAsync(["x"], new() { Dimensions = 400 }, Stop));
    }

    private static LocalChatClient Client(Heirloom.Models.ICausalLM model, string template = Template) =>
        new(model, TinyText.Tokenizer, ChatTemplate.Parse(template), new() { MaxTokens = 16, Sampling = new SamplingConfig() }, new Seed(1), "tiny");
}
