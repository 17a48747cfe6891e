using Heirloom.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

public sealed class WeightsFolderTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<TensorSource> _tensors;

    public WeightsFolderTests() => _tensors = [.. Enumerable.Range(0, 5).Select(i =>
        TensorSource.Of($"layers.{i}.weight", full([3, 4 + i], i, dtype: i % 2 == 0 ? float32 : bfloat16)))];

    public void Dispose()
    {
        _scope.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Hash_and_values_depend_on_neither_shards_nor_order()
    {
        var hashes = new List<string>();
        foreach (var (name, bytes) in new[] { ("one", long.MaxValue), ("some", 100L), ("each", 1L) })
        {
            var folder = Directory.CreateDirectory(_scratch.File(name)).FullName;
            hashes.Add(WeightsFolder.Write(folder, name == "some" ? _tensors.AsEnumerable().Reverse() : _tensors, bytes));
            using var weights = WeightsFolder.Open(folder);
            hashes.Add(WeightsHash.Of(weights));
            Assert.All(_tensors, t => Assert.True(t.Values().equal(weights.Read(t.Name)).all().item<bool>()));
        }

        Assert.Single(hashes.Distinct());
        Assert.Equal(5, Directory.GetFiles(_scratch.File("each"), "model-*.safetensors").Length);
        Assert.Equal("model-00001-of-00005.safetensors", Directory.GetFiles(_scratch.File("each"), "model-*.safetensors").Select(Path.GetFileName).Order().First());
    }

    [Fact]
    public void Hash_changes_with_a_name_a_shape_a_type_and_a_value()
    {
        string Hash(string name, Tensor tensor) => WeightsFolder.Write(Directory.CreateDirectory(_scratch.File(Guid.NewGuid().ToString())).FullName, [TensorSource.Of(name, tensor)]);
        Assert.Equal(5, new[]
        {
            Hash("a", zeros(4)), Hash("b", zeros(4)), Hash("a", zeros(2, 2)), Hash("a", zeros(4, dtype: int32)), Hash("a", tensor([0f, 0, 0, 1])),
        }.Distinct().Count());
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        WeightsFolder.Write(_scratch.Folder, _tensors, 1);
        File.Delete(_scratch.File("model-00003-of-00005.safetensors"));
        Assert.Contains("model-00003-of-00005.safetensors: this shard is missing", Open());
    }

    [Fact]
    public void A_shard_without_a_tensor_that_the_index_names_is_refused()
    {
        WeightsFolder.Write(_scratch.Folder, _tensors, 1);
        File.Copy(_scratch.File("model-00001-of-00005.safetensors"), _scratch.File("model-00002-of-00005.safetensors"), overwrite: true);
        Assert.Contains("names 'layers.1.weight' in model-00002-of-00005.safetensors, which does not hold it", Open());
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../secret.safetensors"}}""", "a file elsewhere")]
    [InlineData("""{"weight_map":{"a":3}}""", "gives no file for 'a'")]
    [InlineData("""{"weight_map":[]}""", "holds no weight_map")]
    [InlineData("""{}""", "holds no weight_map")]
    [InlineData("""{"weight_map":""", "is not valid JSON")]
    public void A_damaged_index_is_one_line(string json, string expected)
    {
        File.WriteAllText(_scratch.File(WeightsFolder.IndexFile), json);
        Assert.Contains(expected, Open());
    }

    [Fact]
    public void A_folder_without_weights_says_so()
    {
        Assert.Contains("holds none of model.safetensors, model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json", Open());
        Assert.Contains("there is no such folder", Assert.Throws<UserError>(() => WeightsFolder.Open(_scratch.File("no"))).Message);
    }

    private string Open() => Assert.Throws<UserError>(() => WeightsFolder.Open(_scratch.Folder)).Message;
}
