using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a 64-bit little-endian ELF library and marks one entry of its .gnu.version_r section VER_FLG_WEAK, so that the dynamic
/// linker no longer refuses the file where that symbol version is absent (System V ABI, gABI "Version Needs").
/// </summary>
public sealed class WeakenSymbolVersion : Task
{
    private const uint ElfMagic = 0x464c457f;
    private const uint SectionVersionNeed = 0x6ffffffe;
    private const ushort Weak = 2;

    [Required] public string Source { get; set; }
    [Required] public string Destination { get; set; }
    [Required] public string Library { get; set; }
    [Required] public string Version { get; set; }

    public override bool Execute()
    {
        if (File.Exists(Destination) && File.GetLastWriteTimeUtc(Destination) >= File.GetLastWriteTimeUtc(Source))
            return true;
        var image = File.ReadAllBytes(Source);
        if (BitConverter.ToUInt32(image, 0) != ElfMagic || image[4] != 2)
        {
            Log.LogError("'{0}' is not a 64-bit ELF library.", Path.GetFileName(Source));
            return false;
        }
        Weaken(image);
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        var partial = Destination + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(partial, image);
        File.Delete(Destination);
        File.Move(partial, Destination);
        return true;
    }

    private void Weaken(byte[] image)
    {
        var sections = BitConverter.ToInt64(image, 0x28);
        var sectionSize = BitConverter.ToUInt16(image, 0x3a);
        var sectionCount = BitConverter.ToUInt16(image, 0x3c);
        for (var i = 0; i < sectionCount; i++)
        {
            var section = (int)(sections + i * sectionSize);
            if (BitConverter.ToUInt32(image, section + 4) != SectionVersionNeed)
                continue;
            var need = (int)BitConverter.ToInt64(image, section + 0x18);
            var stringSection = (int)(sections + BitConverter.ToUInt32(image, section + 0x28) * sectionSize);
            WeakenNeeds(image, need, (int)BitConverter.ToUInt32(image, section + 0x2c), (int)BitConverter.ToInt64(image, stringSection + 0x18));
        }
    }

    private void WeakenNeeds(byte[] image, int need, int count, int strings)
    {
        for (var i = 0; i < count; i++, need += (int)BitConverter.ToUInt32(image, need + 12))
        {
            var versions = BitConverter.ToUInt16(image, need + 2);
            var isLibrary = Name(image, strings + (int)BitConverter.ToUInt32(image, need + 4)) == Library;
            var version = need + (int)BitConverter.ToUInt32(image, need + 8);
            for (var j = 0; j < versions; j++, version += (int)BitConverter.ToUInt32(image, version + 12))
            {
                if (isLibrary && Name(image, strings + (int)BitConverter.ToUInt32(image, version + 8)) == Version)
                    BitConverter.GetBytes(Weak).CopyTo(image, version + 4);
            }
        }
    }

    private static string Name(byte[] image, int start)
    {
        var end = Array.IndexOf(image, (byte)0, start);
        return Encoding.ASCII.GetString(image, start, end - start);
    }
}
