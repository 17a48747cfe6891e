using System.Text.Json.Nodes;
using Heirloom.Adaptation.Peft;
using Heirloom.Checkpoints;
using static TorchSharp.torch;

namespace Heirloom.Tests.Fuzzing;

/// <summary><c>adapter_config.json</c> of every kind on its model, and the model's own <c>config.json</c>.</summary>
public sealed class AdapterFuzzTests : IDisposable
{
    private static readonly string s_references = Path.Combine(AppContext.BaseDirectory, "References");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Changed_adapters_only_ever_give_user_errors() => Adapter(iterations: 150);

    [Fact(Explicit = true)]
    public void Adapters_mutated_for_minutes() => Adapter(seconds: Fuzz.Minutes);

    [Fact(Explicit = true)]
    public void Configurations_mutated_for_minutes()
    {
        var folders = Directory.GetDirectories(Path.Combine(s_references, "parity")).Where(f => File.Exists(Path.Combine(f, "model.safetensors"))).Order(StringComparer.Ordinal).ToArray();
        var configs = folders.Select(f => JsonNode.Parse(File.ReadAllText(Path.Combine(f, "config.json")))!).ToArray();
        var at = 0;
        Fuzz.Run(
            _folder,
            random =>
            {
                at = random.Next(folders.Length);
                return TextEncoding.UTF8.GetBytes(FuzzedJson.Change(configs[at], random, configs).ToJsonString());
            },
            content =>
            {
                using var scope = NewDisposeScope();
                File.WriteAllBytes(_folder / "config.json", content);
                File.Copy(Path.Combine(folders[at], "model.safetensors"), _folder / "model.safetensors", overwrite: true);
                Checkpoint.Load(_folder.Path);
            },
            seconds: Fuzz.Minutes);
    }

    private void Adapter(int iterations = -1, int seconds = -1)
    {
        var folders = Directory.GetDirectories(Path.Combine(s_references, "adapters")).Order(StringComparer.Ordinal).ToArray();
        var configs = folders.Select(f => JsonNode.Parse(File.ReadAllText(Path.Combine(f, "adapter_config.json")))!).ToArray();
        var models = folders.Select(f => Path.Combine(s_references, "parity", Adapters.Describe(f).BaseModel!)).Distinct().ToDictionary(f => f, f => Checkpoint.Load(f).Model);
        var at = 0;
        Fuzz.Run(
            _folder,
            random =>
            {
                at = random.Next(folders.Length);
                return random.Next(5) == 0
                    ? Fuzz.Bytes(TextEncoding.UTF8.GetBytes(configs[at].ToJsonString()), random, "0123456789[]{},\":.^$*+?|\\")
                    : TextEncoding.UTF8.GetBytes(FuzzedJson.Change(configs[at], random, configs).ToJsonString());
            },
            content =>
            {
                using var scope = NewDisposeScope();
                File.WriteAllBytes(_folder / "adapter_config.json", content);
                File.Copy(Path.Combine(folders[at], "adapter_model.safetensors"), _folder / "adapter_model.safetensors", overwrite: true);
                Adapters.Load(_folder.Path, models[Path.Combine(s_references, "parity", Adapters.Describe(folders[at]).BaseModel!)]).Dispose();
            },
            iterations, seconds);
    }
}
