namespace Heirloom.Papers;

/// <summary>One repetition of a paper's experiment.</summary>
/// <param name="Settings">Sizes and budgets.</param>
/// <param name="Index">0, 1, … : which repetition.</param>
/// <param name="Seed">This repetition's seed; both arms of a comparison see the same one.</param>
/// <param name="Work">Where to compute and report.</param>
public sealed record Trial<TSettings>(TSettings Settings, int Index, Seed Seed, WorkContext Work)
    where TSettings : PaperSettings
{
    private readonly Dictionary<string, object> _shared = new(StringComparer.Ordinal);
    private readonly List<CurvePoint> _points = [];

    internal string Arm { get; set; } = "";

    internal IReadOnlyList<CurvePoint> Points => _points;

    /// <summary>Something that several arms of this repetition start from (data, a tokenizer, a pretrained base), made once.</summary>
    /// <remarks>Whoever uses a shared model must not change it. Disposable values live until the repetition ends.</remarks>
    public T Shared<T>(string name, Func<T> make) where T : notnull
    {
        if (!_shared.TryGetValue(name, out var value))
        {
            _shared[name] = value = make();
        }

        return (T)value;
    }

    /// <summary>Records a point of a curve of the arm in training or under measurement, for the report's plots.</summary>
    public void Plot(string curve, double x, double y) => _points.Add(new(curve, Arm, Index, x, y));

    internal void Release()
    {
        foreach (var value in _shared.Values.OfType<IDisposable>())
        {
            value.Dispose();
        }

        _shared.Clear();
    }

    internal void ForgetPoints() => _points.Clear();
}

/// <summary>A point of a named curve.</summary>
public sealed record CurvePoint(string Curve, string Arm, int Seed, double X, double Y);

/// <summary>One way of making the thing under test; it may not measure itself.</summary>
/// <param name="Name">Short, as it stands in tables.</param>
/// <param name="Train">Makes it from a trial.</param>
public sealed record Arm<TSettings, TSubject>(string Name, Func<Trial<TSettings>, TSubject> Train)
    where TSettings : PaperSettings;
