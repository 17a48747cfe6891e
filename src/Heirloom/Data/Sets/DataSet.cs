namespace Heirloom.Data.Sets;

/// <summary>
/// A named public data set: what it is, what its licence says, which files of which package it is made of, and how they are read.
/// One set is one class in this folder; the catalog finds it by reflection. Nothing of a set's content belongs to this project.
/// </summary>
public abstract class DataSet
{
    /// <summary>By which recipes and the command line know it: lower case with hyphens.</summary>
    public abstract string Name { get; }

    public abstract string Title { get; }

    /// <summary>A sentence or two: what a document or an image is, and what it is good for.</summary>
    public abstract string Description { get; }

    /// <summary>The licence as the package declares it.</summary>
    public abstract string License { get; }

    /// <summary>Said beside the licence where the data's own terms are stricter or less clear than the package's; null where they agree.</summary>
    public virtual string? Caution => null;

    public abstract Package Package { get; }

    /// <summary>The folder in the package that holds the files, with forward slashes; empty for its root.</summary>
    public virtual string Root => "";

    /// <summary>The files below <see cref="Root"/>, with <c>*</c> and <c>?</c>.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>The pin of what those files hold: <see cref="ContentHash"/>.</summary>
    public abstract string Content { get; }

    /// <summary>Documents or images that it has, over all splits.</summary>
    public abstract int Count { get; }

    /// <summary>Names of its parts ("train", "test"); empty where it has none.</summary>
    public virtual IReadOnlyList<string> Splits => [];
}

/// <summary>A set of documents.</summary>
public abstract class TextDataSet : DataSet
{
    /// <summary>What is known about each document. A set with labels calls the label <c>label</c>; a set with splits calls the split <c>split</c>.</summary>
    public abstract IReadOnlyList<string> Fields { get; }

    /// <summary>Streams the documents in a fixed order.</summary>
    /// <param name="folder">Where its files are.</param>
    public abstract IEnumerable<Document> Read(string folder);
}

/// <summary>A set of images of one size, each of one class.</summary>
public abstract class ImageDataSet : DataSet
{
    /// <summary>What the labels mean, in their order.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <param name="folder">Where its files are.</param>
    /// <param name="split">One of <see cref="DataSet.Splits"/>, or null for all of them one after another.</param>
    public abstract LabeledImages Read(string folder, string? split);
}
