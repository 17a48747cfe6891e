using Heirloom.Models;
using Heirloom.Models.Heads;

namespace Heirloom.Adaptation.Peft;

/// <summary>What the PEFT layout says of a model's task.</summary>
internal static class AdapterTasks
{
    private static readonly string[] s_heads = ["classifier", "score"];

    public static bool ClassifiesSequences(IModel model) => Name(model) == "SEQ_CLS";

    /// <summary>Modules that adapters of such a model train whole: the head, which is new for each task.</summary>
    public static IReadOnlyList<string> Heads(IModel model) => Name(model) is "SEQ_CLS" or "TOKEN_CLS" ? s_heads : Name(model) is "QUESTION_ANS" ? ["qa_outputs"] : [];

    /// <summary>The layout's word for the task; null where it has none.</summary>
    public static string? Name(IModel model) => model switch
    {
        SpanExtractor => "QUESTION_ANS",
        TokenClassifier => "TOKEN_CLS",
        IClassifier<TokenInputs> => "SEQ_CLS",
        ISequenceToSequenceLM => "SEQ_2_SEQ_LM",
        ICausalLM => "CAUSAL_LM",
        _ => null,
    };
}
