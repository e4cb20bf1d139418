/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The printf subset that printk.h promises. Compiled on the host for its tests. */
#include "printk.h"
#include "string.h"

struct out {
    char *buf;
    size_t size;
    size_t len; /* what the whole text takes */
};

struct spec {
    bool left, zero, plus, space, alt, upper;
    unsigned int width;
    int precision; /* -1: none given */
    unsigned int longs;
    bool size_type;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t len)
{
    size_t pad = s->width > len ? s->width - len : 0;

    if (!s->left)
        while (pad > 0)
            put(o, ' '), pad--;
    while (len--)
        put(o, *text++);
    while (pad > 0)
        put(o, ' '), pad--;
}

static void put_number(struct out *o, const struct spec *s, uint64_t value, bool negative,
                       unsigned int base)
{
    const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[96];
    size_t at = sizeof(text), min_digits = s->precision < 0 ? 1 : (size_t)s->precision;
    char sign = negative ? '-' : s->plus ? '+' : s->space ? ' ' : '\0';
    size_t prefix = (sign != '\0') + (s->alt && base == 16 && value ? 2 : 0);
    bool hex_prefix = s->alt && base == 16 && value;

    if (s->zero && !s->left && s->precision < 0 && s->width > prefix)
        min_digits = s->width - prefix;
    min_digits = MIN(min_digits, sizeof(text) - 8);

    for (size_t n = 0; value || n < min_digits; n++, value /= base)
        text[--at] = digits[value % base];
    if (hex_prefix) {
        text[--at] = s->upper ? 'X' : 'x';
        text[--at] = '0';
    }
    if (sign)
        text[--at] = sign;
    put_padded(o, s, text + at, sizeof(text) - at);
}

static const char *parse_flags(const char *f, struct spec *s)
{
    for (;; f++) {
        switch (*f) {
        case '-':
            s->left = true;
            break;
        case '0':
            s->zero = true;
            break;
        case '+':
            s->plus = true;
            break;
        case ' ':
            s->space = true;
            break;
        case '#':
            s->alt = true;
            break;
        default:
            return f;
        }
    }
}

static const char *parse_count(const char *f, unsigned int *ret)
{
    unsigned int n = 0;

    for (; *f >= '0' && *f <= '9'; f++)
        n = MIN(n * 10 + (unsigned int)(*f - '0'), 4096U);
    *ret = n;
    return f;
}

struct args {
    va_list ap;
};

static uint64_t next_unsigned(struct args *a, const struct spec *s)
{
    if (s->longs || s->size_type)
        return va_arg(a->ap, uint64_t);
    return va_arg(a->ap, unsigned int);
}

static int64_t next_signed(struct args *a, const struct spec *s)
{
    if (s->longs || s->size_type)
        return va_arg(a->ap, int64_t);
    return va_arg(a->ap, int);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    if (!text)
        text = "(null)";
    put_padded(o, s, text, s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision));
}

static void convert(struct out *o, struct spec *s, char conversion, struct args *a)
{
    int64_t value;
    char c;

    switch (conversion) {
    case 'd':
    case 'i':
        value = next_signed(a, s);
        put_number(o, s, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10);
        return;
    case 'u':
        put_number(o, s, next_unsigned(a, s), false, 10);
        return;
    case 'X':
        s->upper = true;
        put_number(o, s, next_unsigned(a, s), false, 16);
        return;
    case 'x':
        put_number(o, s, next_unsigned(a, s), false, 16);
        return;
    case 'p':
        s->alt = true;
        put_number(o, s, (uintptr_t)va_arg(a->ap, void *), false, 16);
        return;
    case 's':
        put_string(o, s, va_arg(a->ap, const char *));
        return;
    case 'c':
        c = (char)va_arg(a->ap, int);
        put_padded(o, s, &c, 1);
        return;
    default: /* '%', or a conversion we do not have: shown as it is */
        put(o, conversion);
        return;
    }
}

int vsnprintk(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = { .buf = buf, .size = size };
    struct args a;

    va_copy(a.ap, ap);
    while (*fmt) {
        struct spec s = { .precision = -1 };

        if (*fmt != '%') {
            put(&o, *fmt++);
            continue;
        }
        fmt = parse_flags(fmt + 1, &s);
        if (*fmt == '*') {
            int width = va_arg(a.ap, int);

            s.left |= width < 0;
            s.width = (unsigned int)(width < 0 ? -width : width);
            fmt++;
        } else {
            fmt = parse_count(fmt, &s.width);
        }
        if (*fmt == '.') {
            unsigned int precision;

            if (fmt[1] == '*') {
                s.precision = va_arg(a.ap, int);
                fmt += 2;
            } else {
                fmt = parse_count(fmt + 1, &precision);
                s.precision = (int)precision;
            }
        }
        for (; *fmt == 'l'; fmt++)
            s.longs++;
        for (; *fmt == 'z'; fmt++)
            s.size_type = true;
        if (*fmt == '\0')
            break;
        convert(&o, &s, *fmt++, &a);
    }
    va_end(a.ap);
    if (size > 0)
        buf[MIN(o.len, size - 1)] = '\0';
    return (int)o.len;
}

int snprintk(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintk(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
