/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel says of itself to Xen: ELF notes (elfnote.h), or the string that kernels carried
 * before there were notes. */
#pragma once

#include "types.h"
#include <xen/elfnote.h>

/* Notes with a number, by type; text is kept where it stands. What the builder does not use is only
 * checked. */
struct notes {
    uint64_t numbers[XEN_ELFNOTE_MAX + 1];
    bool present[XEN_ELFNOTE_MAX + 1];
    const char *features; /* XEN_ELFNOTE_FEATURES, features_len bytes */
    size_t features_len;
    const char *pae_mode; /* XEN_ELFNOTE_PAE_MODE */
    size_t pae_mode_len;
    bool any;
    uint64_t hypercall_pfn; /* the old string counts pages from virt_base: valid with from_string */
    bool from_string;
};

/* A block of notes. One that begins in the block may end behind it, as GRUB's last one does, but
 * not behind data_end. */
void notes_read(struct notes *n, const uint8_t *data, const uint8_t *end, const uint8_t *data_end);

/* The contents of a section __xen_guest: KEY=VALUE, separated by commas. */
void notes_read_string(struct notes *n, const char *text, size_t len);

/* Has list, names separated by sep, the name? */
bool notes_list_has(const char *list, size_t len, char sep, const char *name);
