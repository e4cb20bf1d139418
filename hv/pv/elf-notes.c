/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/elf-notes.h"
#include "string.h"

static void take_note(struct notes *n, uint32_t type, const uint8_t *desc, uint32_t size)
{
    if (type > XEN_ELFNOTE_MAX)
        return;
    n->any = true;
    n->present[type] = true;
    switch (type) {
    case XEN_ELFNOTE_FEATURES:
        n->features = (const char *)desc;
        n->features_len = strnlen((const char *)desc, size);
        break;
    case XEN_ELFNOTE_PAE_MODE:
        n->pae_mode = (const char *)desc;
        n->pae_mode_len = strnlen((const char *)desc, size);
        break;
    default:
        if (size == 4 || size == 8)
            memcpy(&n->numbers[type], desc, size);
        else
            n->present[type] = false;
        break;
    }
}

/* Name and descriptor are padded to 4 bytes each. */
void notes_read(struct notes *n, const uint8_t *data, const uint8_t *end, const uint8_t *data_end)
{
    while (end - data >= 12) {
        uint64_t left = (uint64_t)(data_end - data) - 12, name_size, size;
        uint32_t head[3]; /* name size, descriptor size, type */

        memcpy(head, data, sizeof(head));
        data += sizeof(head);
        name_size = ROUND_UP((uint64_t)head[0], 4);
        size = name_size + head[1];
        if (size > left)
            return;
        if (head[0] == 4 && memcmp(data, "Xen", 4) == 0)
            take_note(n, head[2], data + name_size, head[1]);
        size = ROUND_UP(size, 4);
        if (size > left)
            return;
        data += size;
        if (data > end)
            return;
    }
}

/* C's notation: 0x for hexadecimal. false: not a number. */
static bool parse_number(const char *s, size_t len, uint64_t *ret)
{
    unsigned int base = 10;
    uint64_t n = 0;

    if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
        len -= 2;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned int digit = s[i] >= '0' && s[i] <= '9'   ? (unsigned int)(s[i] - '0')
                             : s[i] >= 'a' && s[i] <= 'f' ? (unsigned int)(s[i] - 'a') + 10
                             : s[i] >= 'A' && s[i] <= 'F' ? (unsigned int)(s[i] - 'A') + 10
                                                          : 16;

        if (digit >= base)
            return false;
        n = n * base + digit;
    }
    *ret = n;
    return len > 0;
}

static bool is_key(const char *key, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(key, name, len) == 0;
}

static void take_pair(struct notes *n, const char *key, size_t key_len, const char *value,
                      size_t len)
{
    static const struct {
        const char *key;
        uint32_t type;
    } numbers[] = {
        { "VIRT_BASE", XEN_ELFNOTE_VIRT_BASE },
        { "VIRT_ENTRY", XEN_ELFNOTE_ENTRY },
        { "ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET },
    };

    if (is_key(key, key_len, "FEATURES")) {
        n->features = value;
        n->features_len = len;
    } else if (is_key(key, key_len, "PAE")) {
        n->present[XEN_ELFNOTE_PAE_MODE] = true;
        n->pae_mode = value;
        n->pae_mode_len = len;
    } else if (is_key(key, key_len, "HYPERCALL_PAGE")) {
        n->present[XEN_ELFNOTE_HYPERCALL_PAGE] = parse_number(value, len, &n->hypercall_pfn);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
        if (is_key(key, key_len, numbers[i].key))
            n->present[numbers[i].type] = parse_number(value, len, &n->numbers[numbers[i].type]);
}

void notes_read_string(struct notes *n, const char *text, size_t len)
{
    const char *end = text + strnlen(text, len);

    n->any = n->from_string = true;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text)), *stop = comma ? comma : end;
        const char *eq = memchr(text, '=', (size_t)(stop - text));

        if (eq)
            take_pair(n, text, (size_t)(eq - text), eq + 1, (size_t)(stop - eq) - 1);
        text = stop + 1;
    }
    /* Addresses in such a kernel's program headers are virtual ones unless it says otherwise. */
    if (!n->present[XEN_ELFNOTE_PADDR_OFFSET])
        n->numbers[XEN_ELFNOTE_PADDR_OFFSET] = n->numbers[XEN_ELFNOTE_VIRT_BASE];
    if (n->present[XEN_ELFNOTE_HYPERCALL_PAGE])
        n->numbers[XEN_ELFNOTE_HYPERCALL_PAGE] =
            n->numbers[XEN_ELFNOTE_VIRT_BASE] + n->hypercall_pfn * PAGE_SIZE;
}

bool notes_list_has(const char *list, size_t len, char sep, const char *name)
{
    const char *end = list + len;

    while (list && list < end) {
        const char *stop = memchr(list, sep, (size_t)(end - list));

        if (!stop)
            stop = end;
        if (is_key(list, (size_t)(stop - list), name))
            return true;
        list = stop + 1;
    }
    return false;
}
