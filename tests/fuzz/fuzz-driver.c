/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main() for fuzz targets built without libFuzzer, as tests and by compilers that lack it:
 *   fuzz-x [--random N] [--max-len BYTES] [--seed N] [FILE|DIRECTORY]...
 * runs the target over the files, then over N inputs of random bytes, the same ones for a seed.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *exact = g_memdup2(data, size); /* so that a read past the end is noticed */

    LLVMFuzzerTestOneInput(exact, size);
}

static unsigned int run_path(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autofree char *data = NULL;
    unsigned int n = 0;
    const char *name;
    size_t size;

    if (dir) {
        while ((name = g_dir_read_name(dir)) != NULL) {
            g_autofree char *child = g_build_filename(path, name, NULL);

            n += run_path(child);
        }
        return n;
    }
    if (!g_file_get_contents(path, &data, &size, NULL)) {
        fprintf(stderr, "cannot read '%s'\n", path);
        return 0;
    }
    run((uint8_t *)data, size);
    return 1;
}

static void run_random(unsigned int n, size_t max_len, int seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)seed);
    g_autofree uint8_t *data = g_malloc(max_len);

    for (unsigned int i = 0; i < n; i++) {
        size_t len = g_rand_int_range(rand, 0, (int32_t)max_len + 1);

        for (size_t b = 0; b < len; b++)
            data[b] = g_rand_int(rand) >> 8;
        run(data, len);
    }
}

int main(int argc, char **argv)
{
    int nr_random = 0, max_len = 512, seed = 2;
    g_auto(GStrv) paths = NULL;
    const GOptionEntry entries[] = {
        { "random", 0, 0, G_OPTION_ARG_INT, &nr_random, "Inputs of random bytes", "N" },
        { "max-len", 0, 0, G_OPTION_ARG_INT, &max_len, "Their greatest length", "BYTES" },
        { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Others than the usual ones", "N" },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, "FILE" },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    unsigned int n = 0;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || max_len < 1) {
        fprintf(stderr, "%s\n", error ? error->message : "bad length");
        return 2;
    }
    for (char **p = paths; p && *p; p++)
        n += run_path(*p);
    run_random(nr_random, max_len, seed);
    printf("%u files, %d random inputs\n", n, nr_random);
    return 0;
}
