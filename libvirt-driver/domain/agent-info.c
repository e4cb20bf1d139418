/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest agent tells of its guest. */
#include <number-set.h>
#include <string.h>

#include "agent.h"
#include "params.h"

/* ---- host name ---- */

enum { HOSTNAME_LEASE = 1, HOSTNAME_AGENT = 2 };

gboolean on_domain_get_hostname(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;
    const char *name;

    if (!check_flags(call, call->args[1].u, HOSTNAME_LEASE | HOSTNAME_AGENT, error))
        return FALSE;
    if (call->args[1].u & HOSTNAME_LEASE)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "names are asked from the agent, not from DHCP leases");
    if (!agent_begin(call, &view, error))
        return FALSE;
    answer = agent_ask(call, &view, "guest-get-host-name", AGENT_OBJECT, NULL, error);
    if (answer == NULL)
        return FALSE;
    name = agent_text(json_node_get_object(answer), "host-name");
    if (name == NULL)
        return fail(error, VIR_ERR_NO_HOSTNAME, "no hostname found for domain %s", view.name);
    xdr_put_string(call->ret, name);
    return TRUE;
}

/* ---- vCPUs ---- */

/* Of a guest's vCPUs. */
#define VCPU_MAX 16384

/* Those of a property (NULL: all) as "0-1,3". */
static char *vcpu_list(JsonArray *vcpus, const char *property, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(vcpus); i++) {
        JsonObject *vcpu = json_array_get_object_element(vcpus, i);
        gint64 id = agent_number(vcpu, "logical-id", 0);

        if (id < 0 || id >= VCPU_MAX) {
            fail(error, VIR_ERR_INTERNAL_ERROR,
                 "guest agent: vcpu id '%" G_GINT64_FORMAT "' is out of range", id);
            return NULL;
        }
        if (property == NULL || agent_flag(vcpu, property))
            g_string_append_printf(list, "%s%d", list->len > 0 ? "," : "", (int)id);
    }
    return list->len > 0 ? number_set_normalise(list->str) : g_strdup("");
}

gboolean on_domain_get_guest_vcpus(RpcCall *call, GError **error)
{
    static const struct {
        const char *name, *property;
    } lists[] = { { "vcpus", NULL }, { "online", "online" }, { "offlinable", "can-offline" } };
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;
    Params params;

    if (!check_flags(call, call->args[1].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    answer = agent_ask(call, &view, "guest-get-vcpus", AGENT_OBJECTS, NULL, error);
    if (answer == NULL)
        return FALSE;
    params_begin(&params, call->ret, G_MAXUINT);
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *list = vcpu_list(json_node_get_array(answer), lists[i].property, error);

        if (list == NULL)
            return FALSE;
        params_add_string(&params, lists[i].name, list);
    }
    params_end(&params);
    return TRUE;
}

gboolean on_domain_set_guest_vcpus(RpcCall *call, GError **error)
{
    const char *map = call->args[1].str;
    gint32 state = call->args[2].i;
    g_autofree guint8 *members = g_malloc(VCPU_MAX);
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonArray) vcpus = json_array_new();
    g_autoptr(JsonNode) answer = NULL;
    JsonObject *arguments;

    if (!check_flags(call, call->args[3].u, 0, error))
        return FALSE;
    if (state != 0 && state != 1)
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported state value");
    if (!number_set_read(map, members, VCPU_MAX))
        return fail(error, VIR_ERR_INVALID_ARG, "'%s' is no list of vCPUs", map);
    for (guint id = 0; id < VCPU_MAX; id++) {
        JsonObject *vcpu;

        if (!members[id])
            continue;
        vcpu = json_object_new();
        json_object_set_int_member(vcpu, "logical-id", id);
        json_object_set_boolean_member(vcpu, "online", state);
        json_array_add_object_element(vcpus, vcpu);
    }
    if (!agent_begin(call, &view, error))
        return FALSE;
    arguments = json_object_new();
    json_object_set_array_member(arguments, "vcpus", json_array_ref(vcpus));
    answer = agent_ask(call, &view, "guest-set-vcpus", AGENT_NUMBER, arguments, error);
    return answer != NULL;
}

/* ---- all kinds of information in one call ---- */

enum { /* virDomainGuestInfoTypes */
       INFO_USERS = 1 << 0,
       INFO_OS = 1 << 1,
       INFO_TIMEZONE = 1 << 2,
       INFO_HOSTNAME = 1 << 3,
       INFO_FILESYSTEM = 1 << 4,
       INFO_DISKS = 1 << 5,
       INFO_INTERFACES = 1 << 6,
};

static void add_text(Params *params, JsonObject *object, const char *member, const char *name)
{
    params_add_string(params, name, agent_text(object, member));
}

static void add_users(Params *params, JsonNode *answer)
{
    JsonArray *users = json_node_get_array(answer);

    params_add_uint(params, "user.count", json_array_get_length(users));
    for (guint i = 0; i < json_array_get_length(users); i++) {
        JsonObject *user = json_array_get_object_element(users, i);
        g_autofree char *name = g_strdup_printf("user.%u.name", i);
        g_autofree char *domain = g_strdup_printf("user.%u.domain", i);
        g_autofree char *login = g_strdup_printf("user.%u.login-time", i);

        add_text(params, user, "user", name);
        add_text(params, user, "domain", domain);
        params_add_ullong(params, login, (guint64)(agent_real(user, "login-time", 0) * 1000));
    }
}

static void add_os(Params *params, JsonNode *answer)
{
    static const char *const members[] = {
        "id",         "name",           "pretty-name",    "version",
        "version-id", "kernel-release", "kernel-version", "machine",
        "variant",    "variant-id"
    };

    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *name = g_strconcat("os.", members[i], NULL);

        add_text(params, json_node_get_object(answer), members[i], name);
    }
}

static void add_timezone(Params *params, JsonNode *answer)
{
    JsonObject *zone = json_node_get_object(answer);

    add_text(params, zone, "zone", "timezone.name");
    params_add_int(params, "timezone.offset", (gint32)agent_number(zone, "offset", 0));
}

static void add_hostname(Params *params, JsonNode *answer)
{
    add_text(params, json_node_get_object(answer), "host-name", "hostname");
}

/* The disks below a file system. */
static void add_disks_below(Params *params, JsonObject *fs, guint i)
{
    static const struct {
        const char *member, *suffix;
    } texts[] = { { "serial", "serial" }, { "dev", "device" } };
    JsonArray *disks = agent_objects(fs, "disk");
    guint n = disks != NULL ? json_array_get_length(disks) : 0;
    g_autofree char *count = g_strdup_printf("fs.%u.disk.count", i);

    params_add_uint(params, count, n);
    for (guint j = 0; j < n; j++) {
        for (guint k = 0; k < G_N_ELEMENTS(texts); k++) {
            g_autofree char *name = g_strdup_printf("fs.%u.disk.%u.%s", i, j, texts[k].suffix);

            add_text(params, json_array_get_object_element(disks, j), texts[k].member, name);
        }
    }
}

static void add_filesystems(Params *params, JsonNode *answer)
{
    static const struct {
        const char *member, *suffix;
    } texts[] = { { "mountpoint", "mountpoint" }, { "name", "name" }, { "type", "fstype" } };
    static const struct {
        const char *member, *suffix;
    } sizes[] = { { "total-bytes", "total-bytes" }, { "used-bytes", "used-bytes" } };
    JsonArray *list = json_node_get_array(answer);

    params_add_uint(params, "fs.count", json_array_get_length(list));
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *fs = json_array_get_object_element(list, i);

        for (guint j = 0; j < G_N_ELEMENTS(texts); j++) {
            g_autofree char *name = g_strdup_printf("fs.%u.%s", i, texts[j].suffix);

            add_text(params, fs, texts[j].member, name);
        }
        for (guint j = 0; j < G_N_ELEMENTS(sizes); j++) {
            g_autofree char *name = g_strdup_printf("fs.%u.%s", i, sizes[j].suffix);

            if (agent_number(fs, sizes[j].member, -1) >= 0)
                params_add_ullong(params, name, (guint64)agent_number(fs, sizes[j].member, 0));
        }
        add_disks_below(params, fs, i);
    }
}

static void add_dependencies(Params *params, JsonObject *disk, guint i)
{
    JsonArray *names = agent_texts(disk, "dependencies");
    guint n = names != NULL ? json_array_get_length(names) : 0;
    g_autofree char *count = g_strdup_printf("disk.%u.dependency.count", i);

    if (n == 0)
        return;
    params_add_uint(params, count, n);
    for (guint j = 0; j < n; j++) {
        g_autofree char *name = g_strdup_printf("disk.%u.dependency.%u.name", i, j);

        params_add_string(params, name, json_array_get_string_element(names, j));
    }
}

static void add_disk(Params *params, JsonObject *disk, guint i)
{
    JsonNode *node = json_object_get_member(disk, "address");
    JsonObject *address =
        node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    g_autofree char *name = g_strdup_printf("disk.%u.name", i);
    g_autofree char *partition = g_strdup_printf("disk.%u.partition", i);
    g_autofree char *alias = g_strdup_printf("disk.%u.guest_alias", i);
    g_autofree char *serial = g_strdup_printf("disk.%u.serial", i);
    g_autofree char *bus = g_strdup_printf("disk.%u.guest_bus", i);

    add_text(params, disk, "name", name);
    params_add_boolean(params, partition, agent_flag(disk, "partition"));
    add_dependencies(params, disk, i);
    add_text(params, disk, "alias", alias);
    if (address == NULL)
        return;
    add_text(params, address, "serial", serial);
    add_text(params, address, "bus-type", bus);
}

static void add_disks(Params *params, JsonNode *answer)
{
    JsonArray *disks = json_node_get_array(answer);

    params_add_uint(params, "disk.count", json_array_get_length(disks));
    for (guint i = 0; i < json_array_get_length(disks); i++)
        add_disk(params, json_array_get_object_element(disks, i), i);
}

static void add_interfaces(Params *params, JsonNode *answer)
{
    JsonArray *list = json_node_get_array(answer);

    params_add_uint(params, "if.count", json_array_get_length(list));
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *interface = json_array_get_object_element(list, i);
        g_autofree char *name = g_strdup_printf("if.%u.name", i);
        g_autofree char *mac = g_strdup_printf("if.%u.hwaddr", i);
        g_autofree char *count = g_strdup_printf("if.%u.addr.count", i);
        JsonArray *addresses = agent_objects(interface, "ip-addresses");
        guint n = addresses != NULL ? json_array_get_length(addresses) : 0;

        add_text(params, interface, "name", name);
        add_text(params, interface, "hardware-address", mac);
        params_add_uint(params, count, n);
        for (guint j = 0; j < n; j++) {
            JsonObject *address = json_array_get_object_element(addresses, j);
            g_autofree char *type = g_strdup_printf("if.%u.addr.%u.type", i, j);
            g_autofree char *text = g_strdup_printf("if.%u.addr.%u.addr", i, j);
            g_autofree char *prefix = g_strdup_printf("if.%u.addr.%u.prefix", i, j);

            add_text(params, address, "ip-address-type", type);
            add_text(params, address, "ip-address", text);
            params_add_uint(params, prefix, (guint)agent_number(address, "prefix", 0));
        }
    }
}

static const struct {
    guint32 type;
    const char *command;
    AgentShape shape;
    void (*add)(Params *params, JsonNode *answer);
} kinds[] = {
    { INFO_USERS, "guest-get-users", AGENT_OBJECTS, add_users },
    { INFO_OS, "guest-get-osinfo", AGENT_OBJECT, add_os },
    { INFO_TIMEZONE, "guest-get-timezone", AGENT_OBJECT, add_timezone },
    { INFO_HOSTNAME, "guest-get-host-name", AGENT_OBJECT, add_hostname },
    { INFO_FILESYSTEM, "guest-get-fsinfo", AGENT_OBJECTS, add_filesystems },
    { INFO_DISKS, "guest-get-disks", AGENT_OBJECTS, add_disks },
    { INFO_INTERFACES, "guest-network-get-interfaces", AGENT_OBJECTS, add_interfaces },
};

gboolean on_domain_get_guest_info(RpcCall *call, GError **error)
{
    guint32 types = call->args[1].u, known = 0;
    g_auto(DomainView) view = { 0 };
    Params params;

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        known |= kinds[i].type;
    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (types & ~known)
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported guest information types '0x%x'",
                    types & ~known);
    if (!agent_begin(call, &view, error))
        return FALSE;
    params_begin(&params, call->ret, G_MAXUINT);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) failed = NULL;
        g_autoptr(JsonNode) answer = NULL;

        if (types != 0 && !(types & kinds[i].type))
            continue;
        answer = agent_ask(call, &view, kinds[i].command, kinds[i].shape, NULL, &failed);
        if (answer != NULL) {
            kinds[i].add(&params, answer);
        } else if (types != 0 || failed->code != VIR_ERR_INTERNAL_ERROR) {
            /* Asked for everything, what this agent does not know is left out. */
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
    }
    params_end(&params);
    return TRUE;
}
