using System.ComponentModel.DataAnnotations;
using Heirloom.Data.Sets;
using Heirloom.Evaluation.Testbeds;

namespace Heirloom.Papers;

/// <summary>Sizes and budget of a <see cref="ComputeStudy{TSettings}"/>.</summary>
public abstract record ComputeStudySettings : PaperSettings
{
    /// <summary>The domain <c>text</c>.</summary>
    public TextTestbedConfig Testbed { get; init; } = new()
    {
        Domains = [new() { Name = "text", Source = new DataSetSourceConfig { Name = "brown" } }],
        ContextLength = 64,
        MaxHeldOutRows = 64,
    };

    public ComputeStudyConfig Study { get; init; } = new();

    /// <summary>Of which all widths are multiples.</summary>
    [Range(2, 1024)]
    public int HeadWidth { get; init; } = 16;

    /// <summary>The budget of every way, in steps of the whole model.</summary>
    [Range(8, int.MaxValue)]
    public int Steps { get; init; } = 200;
}
