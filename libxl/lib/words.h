/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enum <-> text, one array per enum, indexed by the enum's value. */
#pragma once

#include <glib.h>

typedef struct {
    const char *const *words;
    int count;
} KxlWords;

extern const KxlWords kxl_words_type;
extern const KxlWords kxl_words_action;
extern const KxlWords kxl_words_firmware;
extern const KxlWords kxl_words_disk_format;
extern const KxlWords kxl_words_disk_cache;
extern const KxlWords kxl_words_address_kind, kxl_words_nic_kind;
extern const KxlWords kxl_words_state;

/* NULL when the value has no word. */
const char *kxl_words_to_string(const KxlWords *words, int value);
/* -1 when the text is no word of this enum (or NULL). */
int kxl_words_from_string(const KxlWords *words, const char *text);
