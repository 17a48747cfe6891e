using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using CsCheck;

namespace Heirloom.Tests.Core;

public sealed class SettingsTests
{
    public enum Tone { Quiet, VeryLoud }

    public abstract record ShapeConfig : Kinded;

    public sealed record CircleConfig : ShapeConfig
    {
        [Range(0, double.PositiveInfinity, MinimumIsExclusive = true)]
        public required double Radius { get; init; }
    }

    [Kind("box")]
    public sealed record RectangleConfig : ShapeConfig
    {
        public ImmutableArray<int> Sides { get; init; } = [1, 2];

        public ImmutableArray<ShapeConfig> Inside { get; init; } = [];
    }

    public sealed record Point(int X, int Y = 7);

    public sealed record All
    {
        public required string Name { get; init; }

        [Range(1, int.MaxValue)]
        public int Steps { get; init; } = 100;

        [Range(0, 1)]
        public double Rate { get; init; } = 0.5;

        public Tone Tone { get; init; }

        public bool Flag { get; init; }

        public ulong Seed { get; init; }

        public int? Limit { get; init; }

        public string? Note { get; init; }

        public TimeSpan Pause { get; init; }

        public ShapeConfig Shape { get; init; } = new CircleConfig { Radius = 1 };

        public Point Point { get; init; } = new(1);

        public IReadOnlyList<string> Words { get; init; } = [];

        public IReadOnlyDictionary<string, double> Weights { get; init; } = ImmutableSortedDictionary<string, double>.Empty;
    }

    [Fact]
    public void BindsEveryKindOfValue()
    {
        var all = Settings.Parse<All>("""
            name: trial
            steps: 10_000
            rate: 1e-3
            tone: very_loud
            flag: true
            seed: 18446744073709551615
            limit: 3
            note: "null"
            pause: 90s
            shape: { kind: box, inside: [{ kind: circle, radius: 2 }] }
            point: { x: -1 }
            words: [a, "2"]
            weights: { b: 2, a: .inf }
            """, "t.yaml");
        Assert.Equal(10_000, all.Steps);
        Assert.Equal(1e-3, all.Rate);
        Assert.Equal(Tone.VeryLoud, all.Tone);
        Assert.Equal(ulong.MaxValue, all.Seed);
        Assert.Equal("null", all.Note);
        Assert.Equal(TimeSpan.FromSeconds(90), all.Pause);
        Assert.Equal(2, Assert.IsType<CircleConfig>(Assert.IsType<RectangleConfig>(all.Shape).Inside[0]).Radius);
        Assert.Equal(new(-1, 7), all.Point);
        Assert.Equal(["a", "2"], all.Words);
        Assert.Equal(double.PositiveInfinity, all.Weights["a"]);
    }

    [Theory]
    [InlineData("name: a\nstpes: 3", "t.yaml:2:1: unknown key 'stpes'; did you mean 'steps'?")]
    [InlineData("steps: 3", "t.yaml:1:1: the file lacks the required key 'name'; add 'name: …' (text)")]
    [InlineData("", "t.yaml:1:1: the file lacks the required key 'name'; add 'name: …' (text)")]
    [InlineData("name: a\nsteps: many", "t.yaml:2:8: 'steps' must be a whole number, not 'many'")]
    [InlineData("name: a\nsteps: \"3\"", "t.yaml:2:8: 'steps' must be a whole number, not '3'")]
    [InlineData("name: a\nsteps: 3.5", "t.yaml:2:8: 'steps' must be a whole number, not '3.5'")]
    [InlineData("name: a\nsteps: 99999999999", "t.yaml:2:8: 'steps' must be a whole number, not '99999999999'")]
    [InlineData("name: a\nsteps: -4", "t.yaml:2:8: 'steps' must be at least 1, not -4")]
    [InlineData("name: a\nrate: 1.5", "t.yaml:2:7: 'rate' must be at least 0 and at most 1, not 1.5")]
    [InlineData("name: a\nrate: .nan", "t.yaml:2:7: 'rate' must be at least 0 and at most 1, not NaN")]
    [InlineData("name: a\nsteps: null", "t.yaml:2:8: 'steps' must not be null")]
    [InlineData("name:", "t.yaml:1:6: 'name' must be text, not null")]
    [InlineData("name: a\ntone: VeryLoud", "t.yaml:2:7: 'tone' must be one of quiet, very_loud, not 'VeryLoud'; did you mean 'very_loud'?")]
    [InlineData("name: a\nflag: yes", "t.yaml:2:7: 'flag' must be true or false, not 'yes'")]
    [InlineData("name: a\nshape: { kind: circel }", "t.yaml:2:16: unknown kind 'circel' of 'shape'; did you mean 'circle'?")]
    [InlineData("name: a\nshape: { radius: 2 }", "t.yaml:2:8: 'shape' lacks 'kind'; valid: box, circle")]
    [InlineData("name: a\nshape: { kind: circle, radius: 0 }", "t.yaml:2:32: 'shape.radius' must be more than 0, not 0")]
    [InlineData("name: a\nshape: { kind: circle }", "t.yaml:2:8: 'shape' lacks the required key 'radius'; add 'radius: …' (a number)")]
    [InlineData("name: a\nshape: circle", "t.yaml:2:8: 'shape' must be a group of 'key: value' lines, not 'circle'")]
    [InlineData("name: a\nwords: b", "t.yaml:2:8: 'words' must be a list, not 'b'")]
    [InlineData("name: a\nwords: [b, ~]", "t.yaml:2:12: 'words[1]' must be text, not null")]
    [InlineData("name: a\npoint: { y: 3 }", "t.yaml:2:8: 'point' lacks the required key 'x'")]
    [InlineData("name: a\nname: b", "t.yaml:2:1: duplicate key 'name'")]
    [InlineData("name: [", "t.yaml:")]
    [InlineData("name: a\n---\nname: b", "t.yaml:3:1: a second document begins here")]
    [InlineData("- 1", "t.yaml:1:1: the file must be a group of 'key: value' lines, not a list")]
    public void RefusesInOneLine(string yaml, string expected)
    {
        var error = Assert.Throws<UserError>(() => Settings.Parse<All>(yaml, "t.yaml"));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void OverridesReachIntoListsAndMakeMissingGroups()
    {
        var all = Settings.Parse<All>("name: a\nshape: { kind: box, inside: [{ kind: circle, radius: 2 }] }", "t.yaml",
            ["steps=7", "shape.inside.0.radius=5", "point.x=3", "words=[x, y]", "note=", "weights.w=2"]);
        Assert.Equal(7, all.Steps);
        Assert.Equal(5, ((CircleConfig)((RectangleConfig)all.Shape).Inside[0]).Radius);
        Assert.Equal(3, all.Point.X);
        Assert.Equal(["x", "y"], all.Words);
        Assert.Null(all.Note);
        Assert.Equal(2, all.Weights["w"]);
    }

    [Theory]
    [InlineData("stesp=3", "--set stesp=3: unknown key 'stesp'; did you mean 'steps'?")]
    [InlineData("steps=x", "--set steps=x: 'steps' must be a whole number, not 'x'")]
    [InlineData("steps", "--set steps: is not of the form key=value")]
    [InlineData("words.3=x", "--set words.3=x: 'words' is a list of 1; '3' must be an index from 0 to 0")]
    [InlineData("shape.sides=[-]x", "--set shape.sides=[-]x: the value is not YAML")]
    public void AnOverrideIsBlamedByName(string change, string expected) => Assert.StartsWith(expected,
        Assert.Throws<UserError>(() => Settings.Parse<All>("name: a\nwords: [b]", "t.yaml", [change])).Message, StringComparison.Ordinal);

    [Fact]
    public void FilesAreCheckedBeforeTheyAreRead()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Assert.Throws<UserError>(() => Settings.Load<All>(folder / "none.yaml")).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder / "latin.yaml", [.. "note: a\nname: caf"u8, 0xE9, (byte)'\n']);
        Assert.Contains("latin.yaml:2: is not UTF-8", Assert.Throws<UserError>(() => Settings.Load<All>(folder / "latin.yaml")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyValueComesBack() => Gen.Select(Gen.String, Gen.Double, Gen.Float, Gen.ULong, Gen.Int[1, int.MaxValue], Gen.Bool, Gen.Double[0, 1], Gen.String.Array[0, 4])
        .Sample((text, wide, single, seed, steps, flag, rate, words) =>
        {
            var all = new All
            {
                Name = text, Steps = steps, Rate = rate, Flag = flag, Seed = seed, Note = flag ? text : null, Words = words,
                Tone = flag ? Tone.VeryLoud : Tone.Quiet, Limit = flag ? steps : null, Pause = TimeSpan.FromTicks(steps),
                Weights = new Dictionary<string, double> { [text] = wide, ["b"] = single },
            };
            var yaml = Settings.ToYaml(all);
            Assert.Equal(yaml, Settings.ToYaml(Settings.Parse<All>(yaml, "t.yaml")));
            var back = Settings.Parse<All>(yaml, "t.yaml");
            Assert.Equal(text, back.Name);
            Assert.Equal(words, back.Words);
            Assert.Equal(BitConverter.DoubleToInt64Bits(double.IsNaN(wide) ? double.NaN : wide), BitConverter.DoubleToInt64Bits(text == "b" ? wide : back.Weights[text]));
        });

    [Theory]
    [InlineData("AdamW", "adam_w")]
    [InlineData("RMSNorm", "rms_norm")]
    [InlineData("MaskedLM", "masked_lm")]
    [InlineData("GPT2", "gpt2")]
    [InlineData("L2Norm", "l2_norm")]
    [InlineData("Conv2D", "conv2d")]
    [InlineData("Float32", "float32")]
    public void SnakeCase(string name, string expected) => Assert.Equal(expected, Settings.SnakeCase(name));

    [Fact]
    public void KindComesFirstAndHashFollowsContent()
    {
        var box = new RectangleConfig();
        Assert.StartsWith("kind: box\n", Settings.ToYaml(box), StringComparison.Ordinal);
        Assert.Equal(Settings.Hash(box), Settings.Hash(new RectangleConfig { Sides = [1, 2] }));
        Assert.NotEqual(Settings.Hash(box), Settings.Hash(new RectangleConfig { Sides = [1, 3] }));
    }
}
