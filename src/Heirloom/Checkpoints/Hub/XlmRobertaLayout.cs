using System.Collections.Immutable;

namespace Heirloom.Checkpoints.Hub;

/// <summary>XLM-R (Conneau et al. 2020): RoBERTa under another name.</summary>
public sealed class XlmRobertaLayout : RobertaLayout
{
    public override ImmutableArray<string> ModelTypes => ["xlm-roberta"];

    protected override ImmutableArray<string> Names => ["XLMRoberta"];
}
