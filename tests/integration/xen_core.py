# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads core files of PV guests as Xen's tools lay them out (ELF sections .xen_*), with what the public headers say of them."""
import mmap
import struct
from collections import namedtuple

PAGE = 4096
CONTEXT_SIZE = 5168  # sizeof(vcpu_guest_context_t), xen-x86_64.h
REGS_AT = 520        # behind the FPU's area and the flags
REGS = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi".split()
NOTE_HEADER, NOTE_VERSION, NOTE_FORMAT = 0x2000001, 0x2000002, 0x2000003

Section = namedtuple("Section", "type offset size entry_size align")


class Core:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        (self.ident, self.type, self.machine, _, _, _, shoff, _, _, _, _, shentsize, shnum, shstrndx) = \
            struct.unpack_from("<16sHHIQQQIHHHHHH", self.data)
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shentsize) for i in range(shnum)]
        names = headers[shstrndx][4]
        self.sections = {}
        for name, kind, _, _, offset, size, _, _, align, entry in headers:
            end = self.data.find(b"\0", names + name)
            self.sections[self.data[names + name:end].decode()] = Section(kind, offset, size, entry, align)
        self.notes = dict(self._read_notes())
        places = self.sections[".xen_p2m"]
        self.p2m = list(struct.iter_unpack("<QQ", self.bytes_of(".xen_p2m")))
        assert places.size == len(self.p2m) * 16
        self.index = {pfn: i for i, (pfn, _mfn) in enumerate(self.p2m)}
        self.mfn_index = {mfn: i for i, (_pfn, mfn) in enumerate(self.p2m)}

    def bytes_of(self, name):
        section = self.sections[name]
        return self.data[section.offset:section.offset + section.size]

    def _read_notes(self):
        notes, at = self.bytes_of(".note.Xen"), 0
        while at < len(notes):
            name_size, desc_size, kind = struct.unpack_from("<III", notes, at)
            assert notes[at + 12:at + 12 + name_size] == b"Xen\0"
            at += 12 + (name_size + 3 & ~3)
            yield kind, notes[at:at + desc_size]
            at += desc_size + 3 & ~3

    def page(self, index):
        offset = self.sections[".xen_pages"].offset + index * PAGE
        return self.data[offset:offset + PAGE]

    def registers(self, vcpu):
        context = self.bytes_of(".xen_prstatus")[vcpu * CONTEXT_SIZE:(vcpu + 1) * CONTEXT_SIZE]
        values = struct.unpack_from("<15QIIQHxxBxxxQQH", context, REGS_AT)
        found = dict(zip(REGS, values))
        found["rip"], found["cs"], found["rflags"], found["rsp"], found["ss"] = values[17], values[18], *values[20:]
        found["flags"], = struct.unpack_from("<Q", context, 512)
        return found, context

    def cr3(self, vcpu):
        """The frame of the page table, from ctrlreg[3]."""
        context = self.registers(vcpu)[1]
        at = REGS_AT + 200 + 256 * 16 + 16 + 17 * 8 + 16
        return struct.unpack_from("<8Q", context, at)[3] >> 12

    def read_virtual(self, vcpu, va, size):
        """Through the guest's own page tables, whose entries hold machine frames."""
        table = self.cr3(vcpu)
        for level in (4, 3, 2, 1):
            slot = va >> (12 + 9 * (level - 1)) & 511
            entry, = struct.unpack_from("<Q", self.page(self.mfn_index[table]), slot * 8)
            assert entry & 1, f"0x{va:x} is not mapped at level {level}"
            table = (entry & 0xffffffffff000) >> 12
            if level == 2 and entry & 0x80:
                raise AssertionError("a large page in a PV guest")
        return self.page(self.mfn_index[table])[va % PAGE:va % PAGE + size]
