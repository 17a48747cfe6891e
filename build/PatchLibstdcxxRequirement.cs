using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Lets TorchSharp's native library load on systems whose libstdc++ is older than 13 (Debian 12, Ubuntu 22.04, RHEL 9).
/// </summary>
/// <remarks>
/// libLibTorchSharp.so asks for version GLIBCXX_3.4.32 for the sake of one symbol, the stream initialiser
/// <c>std::ios_base_library_init</c>, which libtorch has already run. The task points that undefined symbol at
/// <c>std::get_new_handler</c> (no arguments, version GLIBCXX_3.4.20). It edits a copy and renames it into place, so a
/// hard-linked package cache is never touched, and does nothing on a file that is already patched or a system that is new enough.
/// </remarks>
public class PatchLibstdcxxRequirement : Task
{
    private const string NewSymbol = "_ZSt21ios_base_library_initv", OldSymbol = "_ZSt15get_new_handlerv";
    private const string NewVersion = "GLIBCXX_3.4.32", OldVersion = "GLIBCXX_3.4.20";

    /// <summary>The native library in the output folder.</summary>
    [Required]
    public string File { get; set; }

    /// <summary>Where a system's libstdc++ may be.</summary>
    [Required]
    public string[] SystemLibraries { get; set; }

    public override bool Execute()
    {
        var system = SystemLibraries.FirstOrDefault(System.IO.File.Exists);
        if (system == null || IndexOf(System.IO.File.ReadAllBytes(system), NewVersion, 0) >= 0)
        {
            return true;
        }

        var elf = System.IO.File.ReadAllBytes(File);
        var sections = Sections(elf);
        int strings = sections["<dynstr>"].Item1, end = strings + sections["<dynstr>"].Item2;
        var symbol = IndexOf(elf, NewSymbol + "\0", strings);
        var version = IndexOf(elf, NewVersion + "\0", strings);
        if (symbol < 0 || version < 0 || symbol >= end || version >= end)
        {
            return true;
        }

        Put(elf, symbol, OldSymbol + new string('\0', NewSymbol.Length - OldSymbol.Length));
        Put(elf, version, OldVersion);
        RehashNeeds(elf, sections["<verneed>"].Item1, sections["<verneed>"].Item2, version - strings);

        var time = System.IO.File.GetLastWriteTimeUtc(File);
        var copy = File + ".patched-" + System.Diagnostics.Process.GetCurrentProcess().Id;
        System.IO.File.WriteAllBytes(copy, elf);
        System.IO.File.SetLastWriteTimeUtc(copy, time);
        System.IO.File.Delete(File);
        System.IO.File.Move(copy, File);
        Log.LogMessage(MessageImportance.Normal, "{0}: relaxed the libstdc++ requirement", File);
        return true;
    }

    /// <summary>Offset and size of the dynamic string table and of the needed-versions table (ELF64, little endian).</summary>
    private static Dictionary<string, Tuple<int, int>> Sections(byte[] elf)
    {
        const uint needed = 0x6ffffffe, symbols = 11;
        var found = new Dictionary<string, Tuple<int, int>>();
        int table = (int)BitConverter.ToInt64(elf, 0x28), size = BitConverter.ToUInt16(elf, 0x3A), count = BitConverter.ToUInt16(elf, 0x3C);
        Func<int, Tuple<int, int>> place = i =>
            Tuple.Create((int)BitConverter.ToInt64(elf, table + i * size + 0x18), (int)BitConverter.ToInt64(elf, table + i * size + 0x20));
        for (var i = 0; i < count; i++)
        {
            var type = BitConverter.ToUInt32(elf, table + i * size + 4);
            if (type == needed)
            {
                found["<verneed>"] = place(i);
            }
            else if (type == symbols)
            {
                found["<dynstr>"] = place((int)BitConverter.ToUInt32(elf, table + i * size + 0x28));
            }
        }

        return found;
    }

    private static void RehashNeeds(byte[] elf, int start, int size, int name)
    {
        for (var need = start; need < start + size;)
        {
            var aux = need + (int)BitConverter.ToUInt32(elf, need + 8);
            for (var left = BitConverter.ToUInt16(elf, need + 2); left > 0; left--)
            {
                if (BitConverter.ToUInt32(elf, aux + 8) == name)
                {
                    Buffer.BlockCopy(BitConverter.GetBytes(Hash(OldVersion)), 0, elf, aux, 4);
                }

                aux += (int)BitConverter.ToUInt32(elf, aux + 12);
            }

            var next = (int)BitConverter.ToUInt32(elf, need + 12);
            if (next == 0)
            {
                return;
            }

            need += next;
        }
    }

    /// <summary>The System V ABI's symbol hash.</summary>
    private static uint Hash(string name)
    {
        uint h = 0;
        foreach (var c in name)
        {
            h = (h << 4) + c;
            var g = h & 0xf0000000;
            h = (h ^ (g >> 24)) & ~g;
        }

        return h;
    }

    private static void Put(byte[] elf, int at, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        Buffer.BlockCopy(bytes, 0, elf, at, bytes.Length);
    }

    private static int IndexOf(byte[] where, string what, int from)
    {
        var bytes = Encoding.ASCII.GetBytes(what);
        for (var i = from; i <= where.Length - bytes.Length; i++)
        {
            var j = 0;
            while (j < bytes.Length && where[i + j] == bytes[j])
            {
                j++;
            }

            if (j == bytes.Length)
            {
                return i;
            }
        }

        return -1;
    }
}
