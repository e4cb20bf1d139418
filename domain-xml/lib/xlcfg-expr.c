/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-parser.h"

#include <string.h>

#include "domain-xml.h"

/* What variables may copy in one file, bytes. */
#define MAX_COPIED (4 << 20)

gboolean xlcfg_parser_fail(XlParser *parser, GError **error, const char *wanted)
{
    const XlToken *token = &parser->lexer.token;
    g_autofree char *found = xlcfg_token_describe(token);

    return xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename, token->line,
                      token->column, "expected %s, found %s", wanted, found);
}

gboolean xlcfg_parser_next(XlParser *parser, GError **error)
{
    return xlcfg_lexer_next(&parser->lexer, error);
}

gboolean xlcfg_parser_at_statement_end(XlParser *parser)
{
    const XlToken *token = &parser->lexer.token;

    return token->kind == XL_TOKEN_END || token->kind == XL_TOKEN_NEWLINE ||
           xlcfg_token_is(token, ';');
}

void xlcfg_parser_rewind(XlParser *parser, const XlLexer *before)
{
    GString *text = parser->lexer.token.text;

    parser->lexer = *before;
    parser->lexer.token.text = text;
}

/* --- words and marks -------------------------------------------------------------------------- */

static gboolean is_word(const XlParser *parser, const char *word)
{
    const XlToken *token = &parser->lexer.token;

    return token->kind == XL_TOKEN_WORD && !strcmp(token->text->str, word);
}

/* Steps over a mark that must be there. */
static gboolean expect(XlParser *parser, char punct, GError **error)
{
    const char wanted[] = { '\'', punct, '\'', '\0' };

    if (!xlcfg_token_is(&parser->lexer.token, punct))
        return xlcfg_parser_fail(parser, error, wanted);
    return xlcfg_parser_next(parser, error);
}

static gboolean expect_word(XlParser *parser, const char *word, GError **error)
{
    return is_word(parser, word) ? xlcfg_parser_next(parser, error)
                                 : xlcfg_parser_fail(parser, error, word);
}

/* Inside brackets a line's end means nothing. */
static gboolean skip_newlines(XlParser *parser, GError **error)
{
    while (parser->lexer.token.kind == XL_TOKEN_NEWLINE)
        if (!xlcfg_parser_next(parser, error))
            return FALSE;
    return TRUE;
}

/* --- atoms ------------------------------------------------------------------------------------ */

static XlValue *parse_list(XlParser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) list = xlcfg_value_new_list(token->line, token->column);

    if (!xlcfg_parser_next(parser, error) || !skip_newlines(parser, error))
        return NULL;
    while (!xlcfg_token_is(token, ']')) {
        XlValue *item = xlcfg_expr_parse(parser, depth + 1, error);

        if (!item)
            return NULL;
        g_ptr_array_add(list->items, item);
        if (!skip_newlines(parser, error))
            return NULL;
        if (xlcfg_token_is(token, ']'))
            break;
        if (!xlcfg_token_is(token, ',')) {
            xlcfg_parser_fail(parser, error, "',' or ']'");
            return NULL;
        }
        if (!xlcfg_parser_next(parser, error) || !skip_newlines(parser, error))
            return NULL;
    }
    return xlcfg_parser_next(parser, error) ? g_steal_pointer(&list) : NULL;
}

static XlValue *parse_number(XlParser *parser, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    guint line = token->line, column = token->column;
    gboolean negative = xlcfg_token_is(token, '-');
    g_autofree char *text = NULL;
    gint64 ignored;

    if (negative && !xlcfg_parser_next(parser, error))
        return NULL;
    text = g_strdup_printf("%s%s", negative ? "-" : "", token->text->str);
    if (token->kind != XL_TOKEN_NUMBER || !xlcfg_text_to_int(text, &ignored)) {
        xlcfg_parser_fail(parser, error, "a whole number");
        return NULL;
    }
    return xlcfg_parser_next(parser, error)
               ? xlcfg_value_new_atom(XL_VALUE_NUMBER, text, line, column)
               : NULL;
}

/* In Python strings that stand side by side are one. */
static XlValue *parse_string(XlParser *parser, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(GString) text = g_string_new(NULL);
    guint line = token->line, column = token->column;

    do {
        g_string_append(text, token->text->str);
        if (!xlcfg_parser_next(parser, error))
            return NULL;
    } while (parser->python && token->kind == XL_TOKEN_STRING);
    return xlcfg_value_new_atom(XL_VALUE_STRING, text->str, line, column);
}

static XlValue *parse_atom(XlParser *parser, XlValueKind kind, const char *text, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) atom = xlcfg_value_new_atom(kind, text, token->line, token->column);

    return xlcfg_parser_next(parser, error) ? g_steal_pointer(&atom) : NULL;
}

/* --- variables and calls ---------------------------------------------------------------------- */

static void measure(const XlValue *value, guint depth, gsize *size, guint *deepest)
{
    *size += sizeof *value + (value->text ? strlen(value->text) : 0);
    *deepest = MAX(*deepest, depth);
    for (guint i = 0; value->items && i < value->items->len; i++)
        measure(value->items->pdata[i], depth + 1, size, deepest);
}

/* What a variable was given; NULL with an error when that is not known. */
static XlValue *parse_variable(XlParser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    const XlSetting *setting =
        parser->by_key ? g_hash_table_lookup(parser->by_key, token->text->str) : NULL;
    g_autoptr(XlValue) value = NULL;
    guint deepest = depth;

    if (!setting || !setting->value || setting->conditional) {
        xlcfg_parser_fail(parser, error, "a string, a number or a list");
        return NULL;
    }
    measure(setting->value, depth, &parser->copied, &deepest);
    if (parser->copied > MAX_COPIED || deepest > XL_MAX_NESTING) {
        xlcfg_parser_fail(parser, error, "a smaller value");
        return NULL;
    }
    value = xlcfg_value_dup(setting->value);
    value->line = token->line;
    value->column = token->column;
    return xlcfg_parser_next(parser, error) ? g_steal_pointer(&value) : NULL;
}

/* os.uname()[N]: of the machine that its guests see. */
static XlValue *parse_uname(XlParser *parser, GError **error)
{
    static const char *const fields[] = { [0] = "Linux", [4] = "x86_64" };
    const XlToken *token = &parser->lexer.token;
    guint64 field;

    if (!xlcfg_parser_next(parser, error) || !expect(parser, '.', error) ||
        !expect_word(parser, "uname", error) || !expect(parser, '(', error) ||
        !expect(parser, ')', error) || !expect(parser, '[', error))
        return NULL;
    if (token->kind != XL_TOKEN_NUMBER ||
        !g_ascii_string_to_unsigned(token->text->str, 10, 0, G_N_ELEMENTS(fields) - 1, &field,
                                    NULL) ||
        !fields[field]) {
        xlcfg_parser_fail(parser, error, "0 (system) or 4 (machine)");
        return NULL;
    }
    if (!xlcfg_parser_next(parser, error))
        return NULL;
    if (!xlcfg_token_is(token, ']')) {
        xlcfg_parser_fail(parser, error, "']'");
        return NULL;
    }
    return parse_atom(parser, XL_VALUE_STRING, fields[field], error);
}

/* str(x), int(x) and (x). */
static XlValue *parse_bracketed(XlParser *parser, guint depth, GError **error)
{
    gboolean to_string = is_word(parser, "str"), to_number = is_word(parser, "int");
    g_autoptr(XlValue) value = NULL;
    gint64 ignored;

    if ((to_string || to_number) && !xlcfg_parser_next(parser, error))
        return NULL;
    if (!expect(parser, '(', error) || !skip_newlines(parser, error))
        return NULL;
    value = xlcfg_expr_parse(parser, depth + 1, error);
    if (!value || !skip_newlines(parser, error))
        return NULL;
    if ((to_string && value->kind == XL_VALUE_LIST) ||
        (to_number && !xlcfg_value_get_int(value, &ignored))) {
        xlcfg_parser_fail(parser, error, "something else to convert");
        return NULL;
    }
    if (to_string || to_number)
        value->kind = to_string ? XL_VALUE_STRING : XL_VALUE_NUMBER;
    return expect(parser, ')', error) ? g_steal_pointer(&value) : NULL;
}

static XlValue *parse_word(XlParser *parser, guint depth, GError **error)
{
    if (is_word(parser, "True") || is_word(parser, "False"))
        return parse_atom(parser, XL_VALUE_NUMBER, is_word(parser, "True") ? "1" : "0", error);
    if (parser->python && is_word(parser, "os"))
        return parse_uname(parser, error);
    if (parser->python && (is_word(parser, "str") || is_word(parser, "int")))
        return parse_bracketed(parser, depth, error);
    return parse_variable(parser, depth, error);
}

static XlValue *parse_operand(XlParser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;

    if (depth == XL_MAX_NESTING) {
        xlcfg_parser_fail(parser, error, "lists nested less deeply");
        return NULL;
    }
    if (xlcfg_token_is(token, '['))
        return parse_list(parser, depth, error);
    if (token->kind == XL_TOKEN_NUMBER || xlcfg_token_is(token, '-'))
        return parse_number(parser, error);
    if (token->kind == XL_TOKEN_STRING)
        return parse_string(parser, error);
    if (token->kind == XL_TOKEN_WORD)
        return parse_word(parser, depth, error);
    if (parser->python && xlcfg_token_is(token, '('))
        return parse_bracketed(parser, depth, error);
    xlcfg_parser_fail(parser, error, "a string, a number or a list");
    return NULL;
}

/* --- operators -------------------------------------------------------------------------------- */

static XlValue *add_numbers(const XlValue *left, const XlValue *right)
{
    gint64 a = 0, b = 0, sum;
    g_autofree char *text = NULL;

    if (!xlcfg_value_get_int(left, &a) || !xlcfg_value_get_int(right, &b) ||
        __builtin_add_overflow(a, b, &sum))
        return NULL;
    text = g_strdup_printf("%" G_GINT64_FORMAT, sum);
    return xlcfg_value_new_atom(XL_VALUE_NUMBER, text, left->line, left->column);
}

XlValue *xlcfg_expr_add(XlParser *parser, const XlValue *left, const XlValue *right, GError **error)
{
    XlValue *sum = NULL;
    guint ignored = 0;

    measure(left, 0, &parser->copied, &ignored);
    measure(right, 0, &parser->copied, &ignored);
    if (parser->copied > MAX_COPIED) {
        xlcfg_parser_fail(parser, error, "less to add");
        return NULL;
    }
    if (left->kind == XL_VALUE_STRING && right->kind == XL_VALUE_STRING) {
        g_autofree char *text = g_strconcat(left->text, right->text, NULL);

        return xlcfg_value_new_atom(XL_VALUE_STRING, text, left->line, left->column);
    }
    if (left->kind == XL_VALUE_LIST && right->kind == XL_VALUE_LIST) {
        sum = xlcfg_value_dup(left);
        for (guint i = 0; i < right->items->len; i++)
            g_ptr_array_add(sum->items, xlcfg_value_dup(right->items->pdata[i]));
        return sum;
    }
    if (left->kind == XL_VALUE_NUMBER && right->kind == XL_VALUE_NUMBER)
        sum = add_numbers(left, right);
    if (!sum)
        xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename, right->line,
                   right->column,
                   "only a string can be added to a string, a list to a list, a number to a "
                   "number");
    return sum;
}

/* One %s, %d or %02x of a format with its value; *at is behind the '%'. */
static gboolean format_one(GString *out, const char **at, const XlValue *value)
{
    gboolean zero = **at == '0';
    int width = 0;
    gint64 number;

    for (*at += zero; g_ascii_isdigit(**at) && width < 100; (*at)++)
        width = width * 10 + g_ascii_digit_value(**at);
    switch (*(*at)++) {
    case 's':
        g_string_append_printf(out, "%*s", width, value->text);
        return TRUE;
    case 'd':
    case 'i':
        if (!xlcfg_value_get_int(value, &number))
            return FALSE;
        g_string_append_printf(out, zero ? "%0*" G_GINT64_FORMAT : "%*" G_GINT64_FORMAT, width,
                               number);
        return TRUE;
    case 'x':
        if (!xlcfg_value_get_int(value, &number) || number < 0)
            return FALSE;
        g_string_append_printf(out, zero ? "%0*" G_GINT64_MODIFIER "x" : "%*" G_GINT64_MODIFIER "x",
                               width, (guint64)number);
        return TRUE;
    default:
        return FALSE;
    }
}

/* format % values, each an atom. NULL: they do not fit it. */
static XlValue *format_values(const XlValue *format, const XlValue *values)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint used = 0;

    for (const char *at = format->text; *at;) {
        if (*at != '%') {
            g_string_append_c(out, *at++);
        } else if (*++at == '%') {
            g_string_append_c(out, *at++);
        } else {
            const XlValue *value = used < values->items->len ? values->items->pdata[used++] : NULL;

            if (!value || value->kind == XL_VALUE_LIST || !*at || !format_one(out, &at, value))
                return NULL;
        }
    }
    if (used != values->items->len || !g_utf8_validate(out->str, -1, NULL))
        return NULL;
    return xlcfg_value_new_atom(XL_VALUE_STRING, out->str, format->line, format->column);
}

/* Behind the '%': one value, or several in brackets, as a list. */
static XlValue *parse_format_values(XlParser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) values = xlcfg_value_new_list(token->line, token->column);
    gboolean tuple = xlcfg_token_is(token, '(');
    gboolean more = TRUE;

    if (tuple && !xlcfg_parser_next(parser, error))
        return NULL;
    while (more) {
        XlValue *value = tuple ? xlcfg_expr_parse(parser, depth + 1, error)
                               : parse_operand(parser, depth, error);

        if (!value)
            return NULL;
        g_ptr_array_add(values->items, value);
        more = tuple && xlcfg_token_is(token, ',');
        if (more && !xlcfg_parser_next(parser, error))
            return NULL;
        more = more && !xlcfg_token_is(token, ')');
    }
    return !tuple || expect(parser, ')', error) ? g_steal_pointer(&values) : NULL;
}

static XlValue *parse_format(XlParser *parser, const XlValue *format, guint depth, GError **error)
{
    g_autoptr(XlValue) values = parse_format_values(parser, depth, error);
    XlValue *made = NULL;

    if (!values)
        return NULL;
    if (format->kind == XL_VALUE_STRING)
        made = format_values(format, values);
    if (!made)
        xlcfg_fail(error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename, format->line,
                   format->column, "the values behind %% do not fit what is before it");
    return made;
}

XlValue *xlcfg_expr_parse(XlParser *parser, guint depth, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) value = parse_operand(parser, depth, error);

    while (value && (xlcfg_token_is(token, '+') || xlcfg_token_is(token, '%'))) {
        gboolean add = xlcfg_token_is(token, '+');
        g_autoptr(XlValue) left = g_steal_pointer(&value);
        g_autoptr(XlValue) right = NULL;

        if (!xlcfg_parser_next(parser, error))
            return NULL;
        if (add && !(right = parse_operand(parser, depth, error)))
            return NULL;
        value = add ? xlcfg_expr_add(parser, left, right, error)
                    : parse_format(parser, left, depth, error);
    }
    return g_steal_pointer(&value);
}

/* --- conditions ------------------------------------------------------------------------------- */

/* A pattern that means itself. */
static gboolean is_literal(const char *pattern)
{
    while (g_ascii_isalnum(*pattern) || *pattern == '_' || *pattern == '-')
        pattern++;
    return !*pattern;
}

/* re.search(pattern, text), re.match(pattern, text): behind "re". */
static gboolean parse_search(XlParser *parser, gboolean *ret_found)
{
    g_autoptr(XlValue) pattern = NULL;
    g_autoptr(XlValue) text = NULL;
    gboolean match;

    if (!expect(parser, '.', NULL))
        return FALSE;
    match = is_word(parser, "match");
    if ((!match && !is_word(parser, "search")) || !xlcfg_parser_next(parser, NULL) ||
        !expect(parser, '(', NULL) || !(pattern = xlcfg_expr_parse(parser, 0, NULL)) ||
        !expect(parser, ',', NULL) || !(text = xlcfg_expr_parse(parser, 0, NULL)) ||
        !expect(parser, ')', NULL))
        return FALSE;
    if (pattern->kind != XL_VALUE_STRING || text->kind != XL_VALUE_STRING ||
        !is_literal(pattern->text))
        return FALSE;
    *ret_found = match ? g_str_has_prefix(text->text, pattern->text)
                       : strstr(text->text, pattern->text) != NULL;
    return TRUE;
}

/* "==" or "!=" and what is behind it, or nothing. */
static gboolean parse_comparison(XlParser *parser, gboolean *ret_holds)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(XlValue) left = xlcfg_expr_parse(parser, 0, NULL);
    g_autoptr(XlValue) right = NULL;
    gboolean differs = xlcfg_token_is(token, '!');

    if (!left)
        return FALSE;
    if (!differs && !xlcfg_token_is(token, '=')) {
        *ret_holds = !(left->kind == XL_VALUE_LIST     ? left->items->len == 0
                       : left->kind == XL_VALUE_STRING ? !*left->text
                                                       : xlcfg_value_is_off(left));
        return TRUE;
    }
    if (!xlcfg_parser_next(parser, NULL) || !expect(parser, '=', NULL) ||
        !(right = xlcfg_expr_parse(parser, 0, NULL)) || left->kind == XL_VALUE_LIST ||
        right->kind == XL_VALUE_LIST)
        return FALSE;
    *ret_holds = (left->kind == right->kind && !strcmp(left->text, right->text)) != differs;
    return TRUE;
}

static XlTruth decide(XlParser *parser, char stop)
{
    gboolean negated = is_word(parser, "not"), holds = FALSE;

    if (negated && !xlcfg_parser_next(parser, NULL))
        return XL_UNKNOWN;
    if (is_word(parser, "re")) {
        if (!xlcfg_parser_next(parser, NULL) || !parse_search(parser, &holds))
            return XL_UNKNOWN;
    } else if (!parse_comparison(parser, &holds)) {
        return XL_UNKNOWN;
    }
    if (!xlcfg_token_is(&parser->lexer.token, stop))
        return XL_UNKNOWN;
    return holds != negated ? XL_TRUE : XL_FALSE;
}

gboolean xlcfg_expr_condition(XlParser *parser, char stop, XlTruth *ret_truth, GError **error)
{
    XlLexer before = parser->lexer;

    if (!xlcfg_parser_next(parser, error))
        return FALSE;
    *ret_truth = decide(parser, stop);
    if (*ret_truth != XL_UNKNOWN)
        return TRUE;
    xlcfg_parser_rewind(parser, &before);
    if (!xlcfg_parser_next(parser, error) || !xlcfg_expr_skip(parser, stop, error))
        return FALSE;
    return xlcfg_token_is(&parser->lexer.token, stop) ||
           xlcfg_parser_fail(parser, error, stop == ':' ? "':'" : "the end of the condition");
}

gboolean xlcfg_expr_skip(XlParser *parser, char stop, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    guint depth = 0;

    for (;;) {
        gboolean ended = token->kind == XL_TOKEN_END;

        if (depth == 0)
            ended = ended || xlcfg_parser_at_statement_end(parser) ||
                    (stop && xlcfg_token_is(token, stop));
        if (ended)
            break;
        if (token->kind == XL_TOKEN_PUNCT && strchr("([{", token->punct))
            depth++;
        if (token->kind == XL_TOKEN_PUNCT && strchr(")]}", token->punct) && depth-- == 0)
            return xlcfg_parser_fail(parser, error, "an expression");
        if (!xlcfg_parser_next(parser, error))
            return FALSE;
    }
    if (depth)
        return xlcfg_parser_fail(parser, error, "a closing bracket");
    return TRUE;
}
