using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Heirloom.Encoding;
using Heirloom.Encoding.Chat;
using Heirloom.Generation.Text;
using Heirloom.Models;
using Microsoft.Extensions.AI;

namespace Heirloom.Generation.Clients;

/// <summary>A model on this machine as an <see cref="IChatClient"/>: one conversation at a time, the others wait.</summary>
/// <remarks>The model's answers are text: calls of tools are offered to the template and not parsed from what it writes.</remarks>
public sealed class LocalChatClient : IChatClient
{
    private readonly ICausalLM _model;
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly TextGenerationConfig _config;
    private readonly Seed _seed;
    private readonly TimeProvider _clock;
    private readonly ChatClientMetadata _metadata;
    private readonly SemaphoreSlim _gate = new(1);
    private long _calls;

    /// <param name="model">Stays the caller's.</param>
    /// <param name="tokenizer">Its tokenizer; what its file says of truncation and padding does not count.</param>
    /// <param name="template">How it reads conversations.</param>
    /// <param name="config">What holds where options say nothing; its stop tokens end every answer.</param>
    /// <param name="seed">What the n-th call draws depends on it and on n, unless options give a seed.</param>
    /// <param name="name">By what name the model is known.</param>
    /// <param name="clock">What templates take the date from.</param>
    public LocalChatClient(ICausalLM model, Tokenizer tokenizer, ChatTemplate template, TextGenerationConfig config, Seed seed, string name = "local", TimeProvider? clock = null)
    {
        (_model, _tokenizer, _template, _config, _seed) = (model, tokenizer.Unlimited(), template, config, seed);
        _clock = clock ?? TimeProvider.System;
        _metadata = new("heirloom", defaultModelId: name);
    }

    /// <exception cref="UserError">The template refuses the conversation, it does not fit the context, or an option is not supported.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc cref="GetResponseAsync"/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var config = LocalOptions.Apply(_config, options);
        var prompt = _tokenizer.Encode(_template.Render(ChatPrompt.Of(messages, options, SpecialTokens(_tokenizer), _clock.GetLocalNow())).Text);
        var rules = LocalOptions.Rules(options, prompt.Length);
        var seed = options?.Seed is { } given ? new Seed((ulong)given) : _seed.For("call", Interlocked.Increment(ref _calls) - 1);
        DecodingSession.Check(_model, [prompt]);

        var (id, created) = (Guid.NewGuid().ToString("N"), _clock.GetUtcNow());
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pieces = Channel.CreateUnbounded<string>(new() { SingleReader = true, SingleWriter = true });
        var work = Task.Run(
            () =>
            {
                try
                {
                    return new TextGenerator(_model, _tokenizer).Generate([prompt], config, seed, piece => pieces.Writer.TryWrite(piece.Text), rules, stop.Token)[0];
                }
                finally
                {
                    pieces.Writer.Complete();
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (var piece in pieces.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                yield return Update(new TextContent(piece));
            }

            var written = await work.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var update = Update(new UsageContent(new() { InputTokenCount = prompt.Length, OutputTokenCount = written.Ids.Length, TotalTokenCount = prompt.Length + written.Ids.Length }));
            update.FinishReason = written.Reason == FinishReason.Stop ? ChatFinishReason.Stop : ChatFinishReason.Length;
            yield return update;
        }
        finally
        {
            // whoever stops reading stops the writing
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
            _gate.Release();
        }

        ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content])
        {
            ResponseId = id,
            MessageId = id,
            CreatedAt = created,
            ModelId = _metadata.DefaultModelId,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(_model) ? _model
        : serviceType.IsInstanceOfType(_tokenizer) ? _tokenizer
        : null;

    public void Dispose() => _gate.Dispose();

    /// <summary>A tokenizer's tokens by role, as chat templates know them: <c>bos_token</c>, ….</summary>
    public static IReadOnlyDictionary<string, string> SpecialTokens(Tokenizer tokenizer) => tokenizer.Roles.Pairs().ToDictionary(p => p.Role, p => p.Token);
}
