using CsCheck;
using Heirloom.Encoding;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding;

public class BpeTrainerTests
{
    [Fact]
    public void FollowsTheDefinition() => Gen.Int[0, 3].Array[1, 8].Select(w => string.Concat(w.Select(l => "abca"[l]))).Array[1, 12].Sample(words =>
    {
        var config = new BpeTrainingConfig { VocabularySize = 275, MinFrequency = 1 };
        var learned = ((BpeModel)BpeTrainer.Train(words, config, new()).Definition.Model).Merges;
        Assert.Equal(ByDefinition(words, learned.Count), learned);
    }, iter: 300);

    [Fact]
    public void ThreadsDoNotMatter()
    {
        var documents = Enumerable.Range(0, 2000).Select(i => Samples.Text[i % 3] + new Rng((ulong)i).NextUInt64()).ToList();
        foreach (var config in new BpeTrainingConfig[] { new() { VocabularySize = 1000 }, new() { VocabularySize = 600, MaxWords = 1000 } })
        {
            var fingerprints = new[] { 1, 2, 7 }.Select(threads => BpeTrainer.Train(documents, config, new(), threads).Fingerprint);
            Assert.Single(fingerprints.Distinct());
        }
    }

    [Fact]
    public void HugeDocumentsAreCutWhereNoWordIs()
    {
        var text = string.Concat(Enumerable.Range(0, 4000).Select(i => Samples.Text[i % 3]));
        var counter = WordCounter.OfBytes(addPrefixSpace: false, most: null, new(), 3).Count([text]);
        Assert.Equal(text.Length, counter.Sum(w => w.Key.Length * w.Value));
        Assert.Equal(4000 / 3 + 1, counter[" quick"]);
    }

    [Fact]
    public void SaysWhatIsWrong()
    {
        Assert.Contains("no text", Assert.Throws<UserError>(() => BpeTrainer.Train([], new(), new())).Message, StringComparison.Ordinal);
        Assert.Contains("no room", Assert.Throws<UserError>(() => BpeTrainer.Train(["a"], new() { VocabularySize = 256 }, new())).Message, StringComparison.Ordinal);
        Assert.Contains("empty", Assert.Throws<UserError>(() => BpeTrainer.Train(["a"], new() { SpecialTokens = [""] }, new())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StopsWithWhatItHas()
    {
        var tokenizer = BpeTrainer.Train(Samples.Text, new() { VocabularySize = 257 }, new());
        Assert.Equal(257, tokenizer.VocabularySize);
        using var stop = new CancellationTokenSource();
        var stopped = BpeTrainer.Train(Stopping(), new() { VocabularySize = 400 }, new() { Stop = stop.Token });
        Assert.Equal(257, stopped.VocabularySize);
        Assert.Equal("the dog", stopped.Decode(stopped.Encode("the dog")));

        IEnumerable<string> Stopping()
        {
            yield return "the the the the";
            stop.Cancel();
            yield return "never read";
        }
    }

    /// <summary>Counts all pairs anew for each merge.</summary>
    private static List<BpeMerge> ByDefinition(IReadOnlyList<string> documents, int merges)
    {
        var words = documents.Select(d => d.Select(c => c.ToString()).ToList()).ToList();
        var order = Enumerable.Range(0, 256).Select(b => ByteAlphabet.CharacterOf((byte)b)).Order().Select(c => c.ToString()).ToList();
        var learned = new List<BpeMerge>();
        while (learned.Count < merges)
        {
            var best = words.SelectMany(w => w.Zip(w.Skip(1))).GroupBy(p => p)
                .MaxBy(g => (g.Count(), -order.IndexOf(g.Key.First), -order.IndexOf(g.Key.Second)))!.Key;
            learned.Add(new(best.First, best.Second));
            if (!order.Contains(best.First + best.Second))
            {
                order.Add(best.First + best.Second);
            }

            foreach (var word in words)
            {
                for (var i = 0; i + 1 < word.Count; i++)
                {
                    if ((word[i], word[i + 1]) == best)
                    {
                        word[i] += word[i + 1];
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }

        return learned;
    }
}
