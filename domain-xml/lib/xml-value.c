/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scalar values of rows: text to field and back. */
#include "xml-value.h"

#include <string.h>

static const char *const not_integer = "Expected integer value";
static const char *const not_unsigned = "Expected non-negative integer value";
static const char *const too_large = "The value is too large";

/* XML's white space only: g_ascii_strtoull() also skips vertical tabs and form feeds, which XML
 * cannot contain anyway. */
static const char *skip_space(const char *text)
{
    while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
        text++;
    return text;
}

static const char *parse_unsigned(const char *text, guint base, guint64 max, guint64 *ret)
{
    char *end;

    text = skip_space(text);
    if (!(base == 10 ? g_ascii_isdigit(*text) : g_ascii_isxdigit(*text)))
        return not_unsigned;
    if (base == 0 && text[0] == '0' && g_ascii_tolower(text[1]) != 'x')
        base = 10; /* no octal: PCI addresses are often padded with zeros */
    errno = 0;
    guint64 value = g_ascii_strtoull(text, &end, base);
    if (*skip_space(end) != '\0')
        return not_unsigned;
    if (errno == ERANGE || value > max)
        return too_large;
    *ret = value;
    return NULL;
}

static const char *parse_signed(const char *text, int *ret)
{
    char *end;

    text = skip_space(text);
    if (!g_ascii_isdigit(*text) && *text != '-' && *text != '+')
        return not_integer;
    errno = 0;
    gint64 value = g_ascii_strtoll(text, &end, 10);
    if (end == text || *skip_space(end) != '\0')
        return not_integer;
    if (errno == ERANGE || value > G_MAXINT || value < G_MININT)
        return too_large;
    *ret = (int)value;
    return NULL;
}

/* The position of text in a row's words, or -1. */
static int find_word(const char *const *words, const char *text)
{
    for (int i = 1; words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

static gboolean is_decimal(const char *text)
{
    if (*text == '-' || *text == '+')
        text++;
    gsize digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0' && digits < 20;
}

static const char *set_string(const XmlRow *row, gpointer object, const char *text)
{
    if (row->shown != NULL && strcmp(text, row->shown) == 0)
        text = row->stored;
    if (row->words != NULL && find_word(row->words, text) < 0)
        return "";
    if ((row->flags & XML_DECIMAL) && !is_decimal(text))
        return not_integer;

    char **field = &XML_FIELD(row, object, char *);
    g_free(*field);
    *field = row->flags & XML_LOWER ? g_ascii_strdown(text, -1) : g_strdup(text);
    return NULL;
}

static const char *set_word(const XmlRow *row, gpointer object, const char *text)
{
    int value = find_word(row->words, text);

    if (value < 0)
        return "";
    XML_FIELD(row, object, int) = value;
    return NULL;
}

static const char *set_number(const XmlRow *row, gpointer object, const char *text)
{
    guint64 value;
    guint64 largest = row->kind == XML_ULONG ? G_MAXUINT64 : G_MAXUINT;
    const char *why = parse_unsigned(text, row->kind == XML_HEX ? 0 : 10,
                                     row->max != 0 ? row->max : largest, &value);

    if (why != NULL)
        return why;
    if (value == 0 && (row->flags & XML_NONZERO))
        return "Zero is not permitted";
    if (row->kind == XML_ULONG)
        XML_FIELD(row, object, guint64) = value;
    else
        XML_FIELD(row, object, guint) = (guint)value;
    return NULL;
}

const char *xml_value_set(const XmlRow *row, gpointer object, const char *text)
{
    switch (row->kind) {
    case XML_STRING:
        return set_string(row, object, text);
    case XML_WORD:
        return set_word(row, object, text);
    case XML_FLAG:
        XML_FIELD(row, object, gboolean) = TRUE;
        return NULL;
    case XML_UINT:
    case XML_HEX:
    case XML_ULONG:
        return set_number(row, object, text);
    case XML_INT:
        return parse_signed(text, &XML_FIELD(row, object, int));
    case XML_KIB:
        return xml_size_parse(text, NULL, &XML_FIELD(row, object, guint64));
    case XML_BYTES:
        return xml_bytes_parse(text, NULL, &XML_FIELD(row, object, guint64));
    case XML_OBJECT:
    case XML_LIST:
    case XML_NODE:
    case XML_NODES:
    case XML_REFUSED:
        break;
    }
    g_assert_not_reached();
}

gboolean xml_value_present(const XmlRow *row, gconstpointer object)
{
    gboolean always = (row->flags & XML_ALWAYS) != 0;

    switch (row->kind) {
    case XML_STRING:
        return XML_CONST_FIELD(row, object, char *) != NULL;
    case XML_WORD:
    case XML_FLAG:
        return XML_CONST_FIELD(row, object, int) != 0;
    case XML_UINT:
    case XML_HEX:
        return always || XML_CONST_FIELD(row, object, guint) != 0;
    case XML_INT:
        if (row->flags & XML_OPTIONAL)
            return XML_CONST_FIELD(row, object, int) >= 0;
        return always || XML_CONST_FIELD(row, object, int) != 0;
    case XML_ULONG:
    case XML_KIB:
    case XML_BYTES:
        return always || XML_CONST_FIELD(row, object, guint64) != 0;
    case XML_OBJECT:
    case XML_LIST:
    case XML_NODE:
    case XML_NODES:
    case XML_REFUSED:
        break;
    }
    return FALSE;
}

static void append_unsigned(GString *out, guint64 value)
{
    char digits[20];
    guint n = sizeof digits;

    do
        digits[--n] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    g_string_append_len(out, digits + n, (gssize)(sizeof digits - n));
}

static void append_string(const XmlRow *row, const char *text, gboolean attribute, GString *out)
{
    if (row->shown != NULL && strcmp(text, row->stored) == 0)
        text = row->shown;
    xml_escape(out, text, attribute);
}

void xml_value_append(const XmlRow *row, gconstpointer object, gboolean attribute, GString *out)
{
    switch (row->kind) {
    case XML_STRING:
        append_string(row, XML_CONST_FIELD(row, object, char *), attribute, out);
        break;
    case XML_WORD:
        g_string_append(out, row->words[XML_CONST_FIELD(row, object, int)]);
        break;
    case XML_UINT:
        append_unsigned(out, XML_CONST_FIELD(row, object, guint));
        break;
    case XML_HEX:
        g_string_append_printf(out, "0x%0*x", (int)row->width, XML_CONST_FIELD(row, object, guint));
        break;
    case XML_INT:
        g_string_append_printf(out, "%d", XML_CONST_FIELD(row, object, int));
        break;
    case XML_ULONG:
    case XML_KIB:
    case XML_BYTES:
        append_unsigned(out, XML_CONST_FIELD(row, object, guint64));
        break;
    case XML_FLAG:
    case XML_OBJECT:
    case XML_LIST:
    case XML_NODE:
    case XML_NODES:
    case XML_REFUSED:
        break;
    }
}

/* "KiB" and "k" count in 1024, "KB" in 1000, as libvirt's scaled integers do. */
static gboolean unit_bytes(const char *unit, guint64 *ret_bytes)
{
    static const char prefixes[] = "kmgtpe";

    if (g_ascii_strcasecmp(unit, "b") == 0 || g_ascii_strcasecmp(unit, "byte") == 0 ||
        g_ascii_strcasecmp(unit, "bytes") == 0) {
        *ret_bytes = 1;
        return TRUE;
    }
    const char *prefix = *unit != '\0' ? strchr(prefixes, g_ascii_tolower(*unit)) : NULL;
    if (prefix == NULL)
        return FALSE;

    guint64 base;
    if (unit[1] == '\0' || g_ascii_strcasecmp(unit + 1, "ib") == 0)
        base = 1024;
    else if (g_ascii_strcasecmp(unit + 1, "b") == 0)
        base = 1000;
    else
        return FALSE;

    *ret_bytes = base;
    for (const char *p = prefixes; p < prefix; p++)
        *ret_bytes *= base;
    return TRUE;
}

const char *xml_bytes_parse(const char *text, const char *unit, guint64 *ret_bytes)
{
    guint64 value, bytes;
    const char *why = parse_unsigned(text, 10, G_MAXUINT64, &value);

    if (why != NULL)
        return why;
    if (!unit_bytes(unit != NULL && *unit != '\0' ? unit : "KiB", &bytes))
        return "The unit is unknown";
    if (value > G_MAXINT64 / bytes)
        return too_large;
    *ret_bytes = value * bytes;
    return NULL;
}

const char *xml_size_parse(const char *text, const char *unit, guint64 *ret_kib)
{
    guint64 bytes;
    const char *why = xml_bytes_parse(text, unit, &bytes);

    if (why == NULL)
        *ret_kib = (bytes + 1023) / 1024;
    return why;
}

const char *xml_value_unit(const XmlRow *row)
{
    return row->kind == XML_KIB ? "KiB" : row->kind == XML_BYTES ? "B" : NULL;
}

/* What stands for a character in text or attributes, NULL: itself, "": nothing can. White space
 * that XML would normalise becomes a character reference, so that what is read again is what was
 * written. */
static const char *entity(char c, gboolean attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\'':
        return "&apos;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    case '\n':
        return attribute ? "&#10;" : NULL;
    case '\t':
        return attribute ? "&#9;" : NULL;
    default:
        return (guchar)c < 0x20 ? "" : NULL;
    }
}

void xml_escape(GString *out, const char *text, gboolean attribute)
{
    const char *plain = text;

    for (; *text != '\0'; text++) {
        /* Letters, digits and all beyond '>' need no look at the table. */
        if ((guchar)*text > '>')
            continue;
        const char *replacement = entity(*text, attribute);
        if (replacement == NULL)
            continue;
        g_string_append_len(out, plain, text - plain);
        g_string_append(out, replacement);
        plain = text + 1;
    }
    g_string_append_len(out, plain, text - plain);
}
