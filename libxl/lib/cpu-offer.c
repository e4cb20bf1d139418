/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which CPUs the host's emulator can give to guests, under the accelerator that guests get. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "qemu-ask.h"

#define QUESTIONS                                                                                  \
    "{\"execute\":\"qmp_capabilities\"}\n"                                                         \
    "{\"execute\":\"query-cpu-model-expansion\",\"id\":\"best\","                                  \
    "\"arguments\":{\"type\":\"full\",\"model\":{\"name\":\"%s\"}}}\n"                             \
    "{\"execute\":\"query-cpu-definitions\",\"id\":\"models\"}\n"                                  \
    "{\"execute\":\"quit\"}\n"

static void model_free(gpointer object)
{
    KxlCpuModel *model = object;

    g_free(model->name);
    g_strfreev(model->missing);
    g_free(model);
}

void kxl_cpu_offer_free(KxlCpuOffer *offer)
{
    if (!offer)
        return;
    g_strfreev(offer->features);
    g_ptr_array_unref(offer->models);
    g_free(offer);
}

static char **strings_of(JsonArray *array)
{
    GStrv strings = g_new0(char *, json_array_get_length(array) + 1);

    for (guint i = 0; i < json_array_get_length(array); i++)
        strings[i] = g_strdup(json_array_get_string_element(array, i));
    return strings;
}

static void add_models(KxlCpuOffer *offer, JsonArray *models)
{
    for (guint i = 0; i < json_array_get_length(models); i++) {
        JsonObject *from = json_array_get_object_element(models, i);
        KxlCpuModel *model = g_new0(KxlCpuModel, 1);

        model->name = g_strdup(json_object_get_string_member_with_default(from, "name", ""));
        model->deprecated = json_object_get_boolean_member_with_default(from, "deprecated", FALSE);
        model->missing =
            json_object_has_member(from, "unavailable-features")
                ? strings_of(json_object_get_array_member(from, "unavailable-features"))
                : g_new0(char *, 1);
        g_ptr_array_add(offer->models, model);
    }
}

static JsonObject *object_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* The properties that are true are the features it can have. */
static char **features_of(JsonObject *ret)
{
    JsonObject *model = object_member(ret, "model");
    JsonObject *props = model ? object_member(model, "props") : NULL;
    GStrvBuilder *features = g_strv_builder_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    char **list;

    if (props) {
        json_object_iter_init(&iter, props);
        while (json_object_iter_next(&iter, &name, &node))
            if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN &&
                json_node_get_boolean(node))
                g_strv_builder_add(features, name);
    }
    list = g_strv_builder_end(features);
    g_strv_builder_unref(features);
    return list;
}

KxlCpuOffer *kxl_cpu_offer_parse(const char *answers)
{
    g_autoptr(KxlCpuOffer) offer = g_new0(KxlCpuOffer, 1);
    g_auto(GStrv) lines = g_strsplit(answers, "\n", -1);

    offer->models = g_ptr_array_new_with_free_func(model_free);
    for (char **line = lines; *line; line++) {
        g_autoptr(JsonNode) node = json_from_string(*line, NULL);
        JsonObject *answer =
            node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        const char *id = answer ? json_object_get_string_member_with_default(answer, "id", "") : "";
        JsonNode *ret = answer ? json_object_get_member(answer, "return") : NULL;

        if (g_str_equal(id, "best") && ret && JSON_NODE_HOLDS_OBJECT(ret) && !offer->features)
            offer->features = features_of(json_node_get_object(ret));
        else if (g_str_equal(id, "models") && ret && JSON_NODE_HOLDS_ARRAY(ret))
            add_models(offer, json_node_get_array(ret));
    }
    return offer->features && offer->models->len > 0 ? g_steal_pointer(&offer) : NULL;
}

KxlCpuOffer *kxl_host_cpu_offer(KxlHost *host, GError **error)
{
    gboolean kvm = kxl_host_accel(host, NULL) == KXL_ACCEL_KVM;
    g_autofree char *questions = g_strdup_printf(QUESTIONS, kvm ? "host" : "max");
    g_autofree char *answers =
        kxl_qemu_ask(host, kxl_host_qemu_path(host), kvm ? "kvm" : "tcg", questions, error);
    KxlCpuOffer *offer;

    if (!answers)
        return NULL;
    offer = kxl_cpu_offer_parse(answers);
    if (!offer)
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED,
                    "emulator '%s' does not tell which CPUs it has", kxl_host_qemu_path(host));
    return offer;
}
