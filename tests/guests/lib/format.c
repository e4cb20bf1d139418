/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text, and the few functions of string.h that the compiler and the tests want. */
#include "guest.h"

struct out {
    char *buf;
    unsigned int size, at;
};

static void put(struct out *o, char c)
{
    if (o->at < o->size)
        o->buf[o->at++] = c;
}

static void put_number(struct out *o, unsigned long n, unsigned int base, unsigned int width,
                       char pad)
{
    char digits[24];
    unsigned int len = 0;

    do
        digits[len++] = "0123456789abcdef"[n % base];
    while (n /= base);
    for (; width > len; width--)
        put(o, pad);
    while (len)
        put(o, digits[--len]);
}

static void put_signed(struct out *o, long n, unsigned int width, char pad)
{
    if (n < 0)
        put(o, '-');
    put_number(o, n < 0 ? 0UL - (unsigned long)n : (unsigned long)n, 10, width, pad);
}

unsigned int vformat(char *buf, unsigned int size, const char *fmt, va_list ap)
{
    struct out o = { buf, size, 0 };

    for (; *fmt; fmt++) {
        unsigned int width = 0;
        bool is_long = false;
        char pad = ' ';

        if (*fmt != '%') {
            put(&o, *fmt);
            continue;
        }
        fmt++;
        if (*fmt == '0')
            pad = '0';
        for (; *fmt >= '0' && *fmt <= '9'; fmt++)
            width = width * 10 + (unsigned int)(*fmt - '0');
        for (; *fmt == 'l'; fmt++)
            is_long = true;
        switch (*fmt) {
        case 'd':
            put_signed(&o, is_long ? va_arg(ap, long) : va_arg(ap, int), width, pad);
            break;
        case 'u':
        case 'x':
            put_number(&o, is_long ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int),
                       *fmt == 'x' ? 16 : 10, width, pad);
            break;
        case 'p':
            put_number(&o, (unsigned long)va_arg(ap, void *), 16, width, pad);
            break;
        case 's':
            for (const char *s = va_arg(ap, const char *); *s; s++)
                put(&o, *s);
            break;
        case 'c':
            put(&o, (char)va_arg(ap, int));
            break;
        default:
            put(&o, *fmt);
            break;
        }
    }
    return o.at;
}

void *memset(void *p, int c, size_t n)
{
    char *d = p;

    __asm__ __volatile__("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return p;
}

void *memcpy(void *dst, const void *src, size_t n)
{
    char *d = dst;

    __asm__ __volatile__("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}
