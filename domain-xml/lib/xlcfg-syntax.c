/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-syntax.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-parser.h"

static void setting_free(XlSetting *setting)
{
    if (!setting)
        return;
    g_free(setting->key);
    xlcfg_value_free(setting->value);
    g_free(setting);
}

/* Whether the statements here are run. */
static XlTruth truth_here(const XlParser *parser)
{
    return parser->n_blocks ? parser->blocks[parser->n_blocks - 1].here : XL_TRUE;
}

static gboolean add_to_value(XlParser *parser, XlSetting *setting, const XlSetting *old,
                             GError **error)
{
    XlValue *sum;

    if (!old)
        return TRUE;
    setting->conditional = setting->conditional || old->conditional;
    if (!setting->value || !old->value) {
        g_clear_pointer(&setting->value, xlcfg_value_free);
        return TRUE;
    }
    sum = xlcfg_expr_add(parser, old->value, setting->value, error);
    if (!sum)
        return FALSE;
    xlcfg_value_free(setting->value);
    setting->value = sum;
    return TRUE;
}

/* The last assignment counts, at its own place; the place of one before is left empty. */
static void keep_setting(XlParser *parser, XlSetting *setting)
{
    XlSetting *old = g_hash_table_lookup(parser->by_key, setting->key);

    setting->index = parser->settings->len;
    g_ptr_array_add(parser->settings, setting);
    g_hash_table_replace(parser->by_key, setting->key, setting);
    if (old) {
        parser->settings->pdata[old->index] = NULL;
        setting_free(old);
    }
}

static void drop_empty_places(GPtrArray *settings)
{
    guint n = 0;

    for (guint i = 0; i < settings->len; i++)
        if (settings->pdata[i])
            settings->pdata[n++] = settings->pdata[i];
    /* what lies behind n is NULL or has moved: not to be freed */
    for (guint i = n; i < settings->len; i++)
        settings->pdata[i] = NULL;
    g_ptr_array_set_size(settings, (int)n);
}

/* Behind the key: '=' or '+=', and the value. Where Python is about, what is no value is an
 * expression. */
static gboolean parse_assigned(XlParser *parser, XlSetting *setting, gboolean *ret_add,
                               GError **error)
{
    const XlToken *token = &parser->lexer.token;
    g_autoptr(GError) why = NULL;

    *ret_add = xlcfg_token_is(token, '+');
    if (*ret_add && !xlcfg_parser_next(parser, error))
        return FALSE;
    if (!xlcfg_token_is(token, '='))
        return xlcfg_parser_fail(parser, error, "'=' after the option's name");
    if (!xlcfg_parser_next(parser, error))
        return FALSE;
    setting->value_line = token->line;
    setting->value_column = token->column;
    if (xlcfg_parser_at_statement_end(parser))
        return xlcfg_parser_fail(parser, error, "a value");
    setting->value = xlcfg_expr_parse(parser, 0, &why);
    if (setting->value && !xlcfg_parser_at_statement_end(parser))
        xlcfg_parser_fail(parser, &why, "the end of the statement");
    if (!why)
        return TRUE;
    if (!parser->python) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    g_clear_pointer(&setting->value, xlcfg_value_free);
    return TRUE;
}

static gboolean parse_assignment(XlParser *parser, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    XlSetting *setting = g_new0(XlSetting, 1);
    XlLexer before;
    gboolean add = FALSE, ok;

    setting->key = g_strdup(token->text->str);
    setting->python = parser->python;
    setting->conditional = truth_here(parser) == XL_UNKNOWN;
    setting->line = token->line;
    setting->column = token->column;
    ok = xlcfg_parser_next(parser, error);
    before = parser->lexer;
    ok = ok && parse_assigned(parser, setting, &add, error);
    if (ok && !setting->value) { /* read it again, as an expression */
        xlcfg_parser_rewind(parser, &before);
        ok = xlcfg_expr_skip(parser, 0, error);
    }
    if (ok && add && truth_here(parser) != XL_FALSE)
        ok =
            add_to_value(parser, setting, g_hash_table_lookup(parser->by_key, setting->key), error);
    if (ok && truth_here(parser) != XL_FALSE)
        keep_setting(parser, setting);
    else
        setting_free(setting);
    return ok;
}

/* Leaves the blocks that a line beginning at column is not part of. */
static gboolean close_blocks(XlParser *parser, guint column, GError **error)
{
    parser->closed.column = 0;
    while (parser->n_blocks && column <= parser->blocks[parser->n_blocks - 1].column) {
        if (parser->block_is_empty)
            return xlcfg_parser_fail(parser, error, "an indented line below the if");
        parser->closed = parser->blocks[--parser->n_blocks];
    }
    if (parser->closed.column != column)
        parser->closed.column = 0;
    parser->block_is_empty = FALSE;
    return TRUE;
}

/* The block of an if, elif or else with its condition, below what is known of the blocks around. */
static XlBlock make_block(const XlParser *parser, guint column, XlTruth condition, XlTruth before)
{
    XlBlock block = { .column = column, .here = condition, .taken = condition };

    if (before == XL_TRUE || (before == XL_UNKNOWN && condition == XL_FALSE))
        block.taken = before;
    if (before == XL_TRUE)
        block.here = XL_FALSE;
    else if (before == XL_UNKNOWN && condition == XL_TRUE)
        block.here = XL_UNKNOWN;
    if (truth_here(parser) == XL_FALSE)
        block.here = XL_FALSE;
    else if (truth_here(parser) == XL_UNKNOWN && block.here == XL_TRUE)
        block.here = XL_UNKNOWN;
    return block;
}

static gboolean parse_statement(XlParser *parser, gboolean on_line_of_if, GError **error);

/* if, elif and else with what follows the colon on the same line. */
static gboolean parse_condition(XlParser *parser, guint column, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    gboolean follows = strcmp(token->text->str, "if") != 0;
    gboolean is_else = !strcmp(token->text->str, "else");
    XlTruth before = follows ? parser->closed.taken : XL_FALSE, condition = XL_TRUE;

    if (follows && parser->closed.column != column)
        return xlcfg_parser_fail(parser, error, "an if before it");
    parser->python = TRUE;
    if (is_else ? !xlcfg_parser_next(parser, error)
                : !xlcfg_expr_condition(parser, ':', &condition, error))
        return FALSE;
    if (!xlcfg_token_is(token, ':'))
        return xlcfg_parser_fail(parser, error, "':'");
    if (!xlcfg_parser_next(parser, error))
        return FALSE;
    if (parser->n_blocks == XL_MAX_NESTING)
        return xlcfg_parser_fail(parser, error, "ifs nested less deeply");
    parser->blocks[parser->n_blocks] = make_block(parser, column, condition, before);
    parser->n_blocks++;
    parser->block_is_empty = token->kind == XL_TOKEN_NEWLINE;
    while (token->kind != XL_TOKEN_NEWLINE && token->kind != XL_TOKEN_END) {
        if (!parse_statement(parser, TRUE, error))
            return FALSE;
        if (xlcfg_token_is(token, ';') && !xlcfg_parser_next(parser, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_word_of(const XlToken *token, const char *const *words)
{
    return token->kind == XL_TOKEN_WORD && g_strv_contains(words, token->text->str);
}

static gboolean is_assignment_next(const XlLexer *lexer)
{
    const char *at = lexer->at;

    while (*at == ' ' || *at == '\t')
        at++;
    return (at[0] == '=' && at[1] != '=') || (at[0] == '+' && at[1] == '=');
}

static gboolean parse_statement(XlParser *parser, gboolean on_line_of_if, GError **error)
{
    static const char *const imports[] = { "import", "from", NULL };
    static const char *const conditions[] = { "if", "elif", "else", NULL };
    static const char *const nothing[] = { "pass", NULL };
    const XlToken *token = &parser->lexer.token;
    gboolean ok;

    if (token->kind != XL_TOKEN_WORD)
        return xlcfg_parser_fail(parser, error, "an option's name");
    if (is_assignment_next(&parser->lexer)) {
        ok = parse_assignment(parser, error);
    } else if (is_word_of(token, imports)) {
        parser->python = TRUE;
        ok = xlcfg_expr_skip(parser, 0, error);
    } else if (is_word_of(token, conditions) && !on_line_of_if) {
        return parse_condition(parser, token->column, error);
    } else if (is_word_of(token, nothing) && parser->python) {
        ok = xlcfg_parser_next(parser, error);
    } else {
        return xlcfg_fail(
            error, DOMAIN_XML_ERROR_CONF_SYNTAX, parser->lexer.filename, token->line, token->column,
            "'%s' does not begin an assignment (Python is not executed)", token->text->str);
    }
    if (ok && !xlcfg_parser_at_statement_end(parser))
        ok = xlcfg_parser_fail(parser, error, "the end of the statement");
    return ok;
}

static gboolean parse_file(XlParser *parser, GError **error)
{
    const XlToken *token = &parser->lexer.token;
    gboolean line_start = TRUE;

    if (!xlcfg_parser_next(parser, error))
        return FALSE;
    while (token->kind != XL_TOKEN_END) {
        if (token->kind == XL_TOKEN_NEWLINE || xlcfg_token_is(token, ';')) {
            line_start = token->kind == XL_TOKEN_NEWLINE;
            if (!xlcfg_parser_next(parser, error))
                return FALSE;
            continue;
        }
        if (line_start && !close_blocks(parser, token->column, error))
            return FALSE;
        line_start = FALSE;
        if (!parse_statement(parser, FALSE, error))
            return FALSE;
    }
    return close_blocks(parser, 0, error);
}

GPtrArray *xlcfg_syntax_parse(const char *text, const char *filename, GError **error)
{
    XlParser parser = { 0 };
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func((GDestroyNotify)setting_free);
    gboolean ok;

    parser.settings = settings;
    parser.by_key = g_hash_table_new(g_str_hash, g_str_equal);
    xlcfg_lexer_init(&parser.lexer, text, filename);
    ok = parse_file(&parser, error);
    drop_empty_places(settings);
    xlcfg_lexer_clear(&parser.lexer);
    g_hash_table_unref(parser.by_key);
    return ok ? g_steal_pointer(&settings) : NULL;
}

XlValue *xlcfg_syntax_parse_value(const char *text)
{
    XlParser parser = { 0 };
    g_autoptr(XlValue) value = NULL;
    gboolean ok;

    xlcfg_lexer_init(&parser.lexer, text, "");
    ok = xlcfg_parser_next(&parser, NULL) && (value = xlcfg_expr_parse(&parser, 0, NULL)) != NULL &&
         parser.lexer.token.kind == XL_TOKEN_END;
    xlcfg_lexer_clear(&parser.lexer);
    return ok ? g_steal_pointer(&value) : NULL;
}
