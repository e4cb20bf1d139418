/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc-generator.h"

#include <string.h>

#include "handler-util.h"
#include "rpc/xdr.h"

guint8 tape_u8(Tape *tape)
{
    if (tape->left == 0)
        return 0;
    tape->left--;
    return *tape->bytes++;
}

guint32 tape_u32(Tape *tape)
{
    guint32 value = 0;

    for (guint i = 0; i < 4; i++)
        value = value << 8 | tape_u8(tape);
    return value;
}

guint tape_pick(Tape *tape, guint n)
{
    guint wide = n > 256 ? (guint)tape_u8(tape) << 8 : 0;

    return (wide | tape_u8(tape)) % n;
}

/* ---- numbers ---- */

static guint64 number(Tape *tape)
{
    static const guint64 edges[] = { G_MAXUINT64,         G_MAXINT32,  G_MAXUINT32, G_MAXINT64,
                                     (guint64)G_MININT64, 0x80000000u, 65536,       1024 * 1024 };

    switch (tape_pick(tape, 8)) {
    case 0:
        return edges[tape_pick(tape, G_N_ELEMENTS(edges))];
    case 1:
        return (guint64)1 << tape_pick(tape, 64);
    case 2:
        return (guint64)tape_u32(tape) << 32 | tape_u32(tape);
    default:
        return tape_u8(tape) % 9;
    }
}

static double real(Tape *tape)
{
    static const double values[] = { 0, -1, 0.5, 1e300 };

    return values[tape_pick(tape, G_N_ELEMENTS(values))];
}

/* ---- texts ---- */

static const char *pick_word(Tape *tape)
{
    return dictionary_words[tape_pick(tape, dictionary_words_len)];
}

static const char *pick_document(Tape *tape)
{
    return dictionary_documents[tape_pick(tape, dictionary_documents_len)];
}

static void edit(Tape *tape, GString *text)
{
    gsize at = text->len > 0 ? tape_u32(tape) % text->len : 0;
    gsize len = MIN((gsize)tape_u8(tape), text->len - at);

    switch (tape_pick(tape, 5)) {
    case 0:
        g_string_truncate(text, at);
        break;
    case 1:
        if (text->len > 0)
            text->str[at] = (char)MAX(tape_u8(tape), 1);
        break;
    case 2:
        g_string_erase(text, (gssize)at, (gssize)len);
        break;
    case 3: {
        g_autofree char *again = g_strndup(text->str + at, len);

        g_string_insert(text, (gssize)at, again);
        break;
    }
    case 4:
        g_string_insert(text, (gssize)at, pick_word(tape));
        break;
    }
}

static GString *text_new(Tape *tape)
{
    guint documents = tape->likes_documents ? 2 : 8; /* one in so many */
    GString *text =
        g_string_new(tape_pick(tape, documents) == 0 ? pick_document(tape) : pick_word(tape));
    guint edits = tape_pick(tape, 8);

    g_string_replace(text, "%DIR%", tape->dir, 0);
    for (; edits > 4; edits--) /* most stay as they are */
        edit(tape, text);
    return text;
}

static void put_text(Tape *tape, GByteArray *out)
{
    g_autofree char *text = g_string_free(text_new(tape), FALSE);

    xdr_put_string(out, text);
}

static void put_raw_uuid(Tape *tape, GByteArray *out)
{
    guint which = tape_pick(tape, dictionary_uuids_len + 1);
    guint8 raw[XDR_UUID_LEN] = { 0 };

    if (which < dictionary_uuids_len)
        uuid_from_text(dictionary_uuids[which], raw);
    else
        raw[0] = tape_u8(tape);
    xdr_put_raw(out, raw, sizeof raw);
}

static void put_bytes(Tape *tape, guint32 max, GByteArray *out)
{
    guint32 len = MIN(tape_u8(tape), max);
    g_autofree guint8 *bytes = g_malloc0((gsize)len + 1);

    for (guint32 i = 0; i < len; i++)
        bytes[i] = tape_u8(tape);
    xdr_put_opaque(out, bytes, len);
}

/* ---- structures ---- */

static void put_param(Tape *tape, GByteArray *out)
{
    guint type = 1 + tape_pick(tape, XDR_PARAM_STRING);

    put_text(tape, out);
    xdr_put_u32(out, type);
    switch (type) {
    case XDR_PARAM_LLONG:
    case XDR_PARAM_ULLONG:
        xdr_put_u64(out, number(tape));
        break;
    case XDR_PARAM_DOUBLE:
        xdr_put_double(out, real(tape));
        break;
    case XDR_PARAM_STRING:
        put_text(tape, out);
        break;
    default:
        xdr_put_u32(out, (guint32)number(tape));
    }
}

static const char *const handles[128] = {
    ['D'] = "sUi", ['N'] = "sU",  ['Q'] = "sUU", ['O'] = "sU", ['V'] = "sss",  ['E'] = "s",
    ['I'] = "ss",  ['X'] = "Uis", ['F'] = "sU",  ['B'] = "ss", ['Z'] = "ssUi", ['K'] = "ssUi",
};

static const char *put_one(const char *type, Tape *tape, GByteArray *out);

static guint read_bound(const char **type, char end)
{
    guint n = 0;

    for ((*type)++; **type != end; (*type)++)
        n = n * 10 + (guint)(**type - '0');
    (*type)++;
    return n;
}

static const char *put_times(const char *type, guint n, Tape *tape, GByteArray *out)
{
    g_autoptr(GByteArray) unused = g_byte_array_new();
    Tape nothing = { .dir = tape->dir };

    for (guint i = 0; i < n; i++)
        put_one(type, tape, out);
    return put_one(type, &nothing, unused); /* for where the type ends */
}

static const char *put_counted(const char *type, Tape *tape, GByteArray *out)
{
    guint max = read_bound(&type, '>');
    guint n = MIN(tape_pick(tape, 4), max);

    if (*type == 'o') {
        put_bytes(tape, max, out);
        return type + 1;
    }
    xdr_put_u32(out, n);
    return put_times(type, n, tape, out);
}

/* Appends a value and returns where its type ends. */
static const char *put_one(const char *type, Tape *tape, GByteArray *out)
{
    switch (*type) {
    case '?': {
        guint present = tape_pick(tape, 2);

        xdr_put_u32(out, present);
        return put_times(type + 1, present, tape, out);
    }
    case '<':
        return put_counted(type, tape, out);
    case '[': {
        guint n = read_bound(&type, ']');

        return put_times(type, n, tape, out);
    }
    case '(':
        for (type++; *type != ')';)
            type = put_one(type, tape, out);
        return type + 1;
    case 'x':
    case 't':
        xdr_put_u64(out, number(tape));
        return type + 1;
    case 'd':
        xdr_put_double(out, real(tape));
        return type + 1;
    case 's':
        put_text(tape, out);
        return type + 1;
    case 'U':
        put_raw_uuid(tape, out);
        return type + 1;
    case 'P':
        put_param(tape, out);
        return type + 1;
    default:
        if (handles[(guchar)*type] != NULL)
            generate_args(handles[(guchar)*type], tape, out);
        else
            xdr_put_u32(out, (guint32)number(tape));
        return type + 1;
    }
}

void generate_args(const char *signature, Tape *tape, GByteArray *out)
{
    while (*signature != '\0')
        signature = put_one(signature, tape, out);
}
