/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which CPUs an emulator says it can give. */
#include "kxl.h"

#define BEST                                                                                       \
    "{\"return\": {\"model\": {\"name\": \"max\", \"props\": {\"aes\": true, \"vmx\": false, "     \
    "\"phys-bits\": 40, \"vendor\": \"X\"}}}, \"id\": \"best\"}\n"
#define MODELS                                                                                     \
    "{\"return\": [{\"name\": \"qemu64\", \"unavailable-features\": []}, {\"name\": \"Nehalem\", " \
    "\"unavailable-features\": [\"popcnt\"], \"deprecated\": true}], \"id\": \"models\"}\n"

static void test_parse(void)
{
    g_autoptr(KxlCpuOffer) offer = kxl_cpu_offer_parse("{\"QMP\": {}}\n" BEST MODELS);
    const KxlCpuModel *model;

    g_assert_nonnull(offer);
    g_assert_cmpuint(g_strv_length(offer->features), ==, 1);
    g_assert_cmpstr(offer->features[0], ==, "aes");
    g_assert_cmpuint(offer->models->len, ==, 2);
    model = offer->models->pdata[1];
    g_assert_cmpstr(model->name, ==, "Nehalem");
    g_assert_cmpstr(model->missing[0], ==, "popcnt");
    g_assert_true(model->deprecated);
}

static void test_incomplete(void)
{
    static const char *const answers[] = {
        "",
        BEST,
        MODELS,
        "no JSON\n",
        "[]\n" BEST "{\"error\": {}, \"id\": \"models\"}\n",
        "{\"return\": {}, \"id\": \"best\"}\n",
        "{\"return\": 5, \"id\": \"best\"}\n" MODELS,
    };

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
        g_assert_null(kxl_cpu_offer_parse(answers[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu-offer/parse", test_parse);
    g_test_add_func("/cpu-offer/incomplete", test_incomplete);
    return g_test_run();
}
