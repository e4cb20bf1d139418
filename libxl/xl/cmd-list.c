/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list, vm-list: xl's columns */
#include "commands.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

/* r b p s c d, as xl(1) names them. */
static void state_letters(const KxlDomainInfo *info, char letters[7])
{
    gboolean crashed = info->reason == KXL_REASON_CRASH || info->state == KXL_STATE_CRASHED;
    gboolean ended = info->state == KXL_STATE_SHUTDOWN || info->state == KXL_STATE_CRASHED;
    const struct {
        char letter;
        gboolean set;
    } columns[] = {
        { 'r', info->state == KXL_STATE_RUNNING },
        { 'b', info->state == KXL_STATE_BLOCKED },
        { 'p',
          info->paused || info->state == KXL_STATE_PAUSED || info->state == KXL_STATE_STARTING },
        { 's', ended },
        { 'c', ended && crashed },
        { 'd', info->state == KXL_STATE_DYING },
    };

    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        letters[i] = columns[i].set ? columns[i].letter : '-';
    letters[6] = '\0';
}

static void print_header(const XlArgs *args)
{
    printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
    if (xl_opt_given(args, "verbose"))
        printf("   UUID                            Reason-Code\tSecurity Label");
    else if (xl_opt_given(args, "context"))
        printf("   Security Label");
    if (xl_opt_given(args, "cpupool"))
        printf("         Cpupool");
    if (xl_opt_given(args, "numa"))
        printf(" NODE Affinity");
    printf("\n");
}

static void print_row(const XlArgs *args, const KxlDomainInfo *info)
{
    char letters[7];

    state_letters(info, letters);
    printf("%-40s %5d %5" G_GUINT64_FORMAT " %5u     %s  %8.1f", info->name, info->domid,
           info->memory_kb / 1024, info->vcpus_online, letters, (double)info->cpu_time_ns / 1e9);
    if (xl_opt_given(args, "verbose")) {
        printf(" %s", info->uuid);
        if (letters[3] == 's')
            printf(" %8x", (guint)info->reason);
        else
            printf(" %8s", "-");
    }
    if (xl_opt_given(args, "verbose") || xl_opt_given(args, "context"))
        printf(" %16s", "-"); /* no security labels here */
    if (xl_opt_given(args, "cpupool"))
        printf("%16s", "Pool-0");
    if (xl_opt_given(args, "numa"))
        printf(" any node");
    printf("\n");
}

/* Domain-0 has no configuration file: what xl shows for it. */
static KxlDomainConfig *host_config(const KxlDomainInfo *info)
{
    KxlDomainConfig *config = kxl_domain_config_new();

    config->type = KXL_TYPE_PV;
    config->name = g_strdup(info->name);
    config->uuid = g_strdup(info->uuid);
    config->max_memkb = info->max_memory_kb;
    config->target_memkb = info->memory_kb;
    config->max_vcpus = info->max_vcpus;
    config->vcpus = info->vcpus_online;
    return config;
}

static JsonNode *json_of(Xl *xl, const KxlDomainInfo *info, GError **error)
{
    g_autoptr(KxlDomainConfig) config =
        info->domid ? kxl_domain_get_config(xl->host, info->domid, error) : host_config(info);
    g_autofree char *text = NULL;
    JsonNode *inner, *node;
    JsonObject *object;

    if (!config)
        return NULL;
    text = kxl_domain_config_to_json(config);
    inner = json_from_string(text, error);
    if (!inner)
        return NULL;
    object = json_object_new();
    json_object_set_int_member(object, "domid", info->domid);
    json_object_set_member(object, "config", inner);
    node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static int print_long(Xl *xl, const GPtrArray *domains)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    g_autofree char *text = NULL;
    JsonArray *array = json_array_new();

    json_node_take_array(root, array);
    for (guint i = 0; i < domains->len; i++) {
        g_autoptr(GError) error = NULL;
        JsonNode *node = json_of(xl, domains->pdata[i], &error);

        if (node)
            json_array_add_element(array, node);
        else if (!g_error_matches(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN)) /* gone meanwhile */
            return xl_fail(xl, error);
    }
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_indent(generator, 4);
    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    printf("%s\n", text);
    return XL_OK;
}

/* The named domains, in the order named. NULL after xl's message for one that is not there. */
static GPtrArray *named_domains(Xl *xl, const XlArgs *args)
{
    g_autoptr(GPtrArray) domains =
        g_ptr_array_new_with_free_func((GDestroyNotify)kxl_domain_info_free);

    for (guint i = 0; i < args->n_args; i++) {
        g_autoptr(GError) error = NULL;
        KxlDomainInfo *info;
        int domid;

        if (!xl_find_domain(xl, args->args[i], &domid))
            return NULL;
        info = kxl_domain_get_info(xl->host, domid, &error);
        if (!info) {
            if (g_error_matches(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN))
                xl_say(xl, "Error: Domain '%s' does not exist.", args->args[i]);
            else
                xl_fail(xl, error);
            return NULL;
        }
        g_ptr_array_add(domains, info);
    }
    return g_steal_pointer(&domains);
}

static GPtrArray *all_domains(Xl *xl, gboolean include_host)
{
    g_autoptr(GError) error = NULL;
    KxlHost *host = xl_host(xl);
    GPtrArray *domains = host ? kxl_domain_list(host, include_host, &error) : NULL;

    if (host && !domains)
        xl_fail(xl, error);
    return domains;
}

int cmd_list(Xl *xl, const XlArgs *args)
{
    g_autoptr(GPtrArray) domains = args->n_args ? named_domains(xl, args) : all_domains(xl, TRUE);

    if (!domains)
        return XL_FAILED;
    if (xl_opt_given(args, "long"))
        return print_long(xl, domains);
    print_header(args);
    for (guint i = 0; i < domains->len; i++)
        print_row(args, domains->pdata[i]);
    return XL_OK;
}

int cmd_vm_list(Xl *xl, const XlArgs *args)
{
    g_autoptr(GPtrArray) domains = all_domains(xl, FALSE);

    if (!domains)
        return XL_FAILED;
    printf("UUID                                  ID    name\n");
    for (guint i = 0; i < domains->len; i++) {
        const KxlDomainInfo *info = domains->pdata[i];

        printf("%s  %d    %-30s\n", info->uuid, info->domid, info->name);
    }
    return XL_OK;
}
