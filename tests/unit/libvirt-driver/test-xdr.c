/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/xdr.h"

#include <string.h>

/* Rows of signature, bytes in hex, whether they are one message of it. */
static const struct {
    const char *signature, *hex;
    gboolean good;
} check_rows[] = {
    { "", "", TRUE },
    { "", "00000000", FALSE }, /* bytes left over */
    { "u", "00000001", TRUE },
    { "u", "000001", FALSE },
    { "x", "0000000100000002", TRUE },
    { "x", "00000001", FALSE },
    { "s", "00000000", TRUE },
    { "s", "0000000361626300", TRUE },
    { "s", "00000003616263", FALSE },   /* no padding */
    { "s", "0000000361006300", FALSE }, /* a NUL inside */
    { "s", "0000000461626300", FALSE }, /* also when the padding would hide it */
    { "s", "ffffffff61626300", FALSE },
    { "s", "00400001", FALSE }, /* over REMOTE_STRING_MAX */
    { "?s", "00000000", TRUE },
    { "?s", "000000010000000161000000", TRUE },
    { "?s", "0000000200000000", FALSE },
    { "?su", "0000000000000007", TRUE },
    { "<2>s", "00000002000000000000000161000000", TRUE },
    { "<1>s", "000000020000000000000000", FALSE }, /* over its own limit */
    { "<16384>s", "00004000", FALSE },             /* more than there are bytes */
    { "<4>o", "0000000461626364", TRUE },
    { "<3>o", "0000000461626364", FALSE },
    { "[2]y", "0000006100000062", TRUE },
    { "[2]y", "00000061", FALSE },
    { "<2>(st)", "00000001000000016100000000000000000000ff", TRUE },
    { "U", "000102030405060708090a0b0c0d0e0f", TRUE },
    { "U", "000102030405060708090a0b0c0d0e", FALSE },
    { "D", "0000000161000000000102030405060708090a0b0c0d0e0fffffffff", TRUE },
    { "D", "0000000161000000000102030405060708090a0b0c0d0e0f", FALSE },
    { "?D", "00000000", TRUE },
    { "K",
      "00000000"
      "0000000161000000000102030405060708090a0b0c0d0e0fffffffff",
      TRUE },
    { "P", "000000016100000000000001ffffffff", TRUE },
    { "P", "000000016100000000000004ffffffff", FALSE }, /* unsigned long long takes eight */
    { "P", "00000001610000000000000700000000", TRUE },
    { "P", "00000001610000000000000000000000", FALSE }, /* no such type */
    { "P", "00000001610000000000000800000000", FALSE },
};

static GBytes *from_hex(const char *hex)
{
    gsize len = strlen(hex) / 2;
    guint8 *data = g_malloc(len + 1);

    for (gsize i = 0; i < len; i++)
        data[i] =
            (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
    return g_bytes_new_take(data, len);
}

static void test_check(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(check_rows); i++) {
        g_autoptr(GBytes) bytes = from_hex(check_rows[i].hex);
        gsize len;
        const guint8 *data = g_bytes_get_data(bytes, &len);
        g_autofree guint8 *copy = g_memdup2(data, len); /* so that overreads are seen */

        g_test_message("'%s' %s", check_rows[i].signature, check_rows[i].hex);
        g_assert_cmpint(xdr_check(check_rows[i].signature, copy, len), ==, check_rows[i].good);
        if (check_rows[i].good) {
            g_autoptr(XdrArgs) args = xdr_decode(check_rows[i].signature, copy, len);

            g_assert_nonnull(args);
        }
    }
}

static void test_truncated(void)
{
    const char *signature = "su?sD<8>P<8>o[2]y";
    g_autoptr(GByteArray) out = g_byte_array_new();

    xdr_put_string(out, "name");
    xdr_put_u32(out, 7);
    xdr_put_optional_string(out, "x");
    xdr_put_string(out, "dom");
    xdr_put_raw(out, "0123456789abcdef", 16);
    xdr_put_i32(out, -1);
    xdr_put_u32(out, 1);
    xdr_put_string(out, "field");
    xdr_put_u32(out, XDR_PARAM_DOUBLE);
    xdr_put_double(out, 0.5);
    xdr_put_opaque(out, "abcde", 5);
    xdr_put_u32(out, 'a');
    xdr_put_u32(out, 'b');

    g_assert_true(xdr_check(signature, out->data, out->len));
    for (guint len = 0; len < out->len; len++) {
        g_autofree guint8 *copy = g_memdup2(out->data, len);

        g_assert_false(xdr_check(signature, copy, len));
        g_assert_null(xdr_decode(signature, copy, len));
    }
}

static void test_decode(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(XdrArgs) args = NULL;
    const XdrValue *param;
    guint count;

    xdr_put_string(out, "guest");
    xdr_put_i64(out, -5);
    xdr_put_optional_string(out, NULL);
    xdr_put_optional_string(out, "");
    count = xdr_put_count(out);
    for (guint i = 0; i < 2; i++) {
        xdr_put_string(out, i == 0 ? "a" : "b");
        xdr_put_u32(out, i == 0 ? XDR_PARAM_STRING : XDR_PARAM_LLONG);
        if (i == 0)
            xdr_put_string(out, "text");
        else
            xdr_put_i64(out, G_MININT64);
    }
    xdr_set_u32(out, count, 2);
    xdr_put_u32(out, 0xdeadbeef); /* ignored, as libvirtd does */

    args = xdr_decode("sx?s?s<16>P", out->data, out->len);
    g_assert_nonnull(args);
    g_assert_cmpuint(args->n_values, ==, 5);
    g_assert_cmpstr(args->values[0].str, ==, "guest");
    g_assert_cmpint(args->values[1].x, ==, -5);
    g_assert_null(args->values[2].str);
    g_assert_cmpstr(args->values[3].str, ==, "");
    g_assert_cmpuint(args->values[4].len, ==, 2);
    param = &args->values[4].items[0];
    g_assert_cmpstr(param->items[0].str, ==, "a");
    g_assert_cmpuint(param->items[1].u, ==, XDR_PARAM_STRING);
    g_assert_cmpstr(param->items[2].str, ==, "text");
    param = &args->values[4].items[1];
    g_assert_cmpint(param->items[2].x, ==, G_MININT64);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xdr/check", test_check);
    g_test_add_func("/xdr/truncated", test_truncated);
    g_test_add_func("/xdr/decode", test_decode);
    return g_test_run();
}
