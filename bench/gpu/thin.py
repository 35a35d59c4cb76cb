"""Zeroes in a CUDA library the machine code of other GPUs than Hopper, and of attention that the model does not need (other
head sizes than 128, other types than bfloat16), so that it compresses to little. Arguments: files."""
import mmap, re, struct, sys
KEPT = 90
OTHER = re.compile(rb'FlashAttnFwdSm90(?!.*ELi128ENS_10bfloat16_t)')
MAGIC = b'\x50\xed\x55\xba'
for path in sys.argv[1:]:
    with open(path, 'r+b') as file, mmap.mmap(file.fileno(), 0) as data:
        kept = gone = 0
        at = data.find(MAGIC)
        while at >= 0:
            version, header, size = struct.unpack_from('<HHQ', data, at + 4)
            if version != 1 or header != 16 or at + header + size > len(data):
                at = data.find(MAGIC, at + 4)
                continue
            entry, end = at + header, at + header + size
            while entry + 64 <= end:
                # Kind 1 is PTX, 2 machine code.
                kind, _, entry_header, entry_size = struct.unpack_from('<HHIQ', data, entry)
                if entry_header < 64 or kind not in (1, 2):
                    break
                arch, = struct.unpack_from('<I', data, entry + 28)
                start = entry + entry_header
                names = b' '.join(re.findall(rb'\.text\.(_Z\w+)', data[start:start + entry_size])) if arch == KEPT else b''
                if kind == 2 and (arch != KEPT or OTHER.search(names)):
                    data[start:start + entry_size] = bytes(entry_size)
                    gone += entry_size
                else:
                    kept += entry_size
                entry = start + entry_size
            at = data.find(MAGIC, end)
        print(f'{path}: kept {kept / 1e6:.1f} MB, zeroed {gone / 1e6:.1f} MB')
