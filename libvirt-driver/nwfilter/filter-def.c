/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network filters, from text. A rule that is not understood in every part is refused: what is left
 * out of it would let through what it is there to stop. Errors have libvirt's numbers.
 */
#include "filter-def.h"

#include <string.h>

#include "chains.h"
#include "def-classes.h"
#include "handler-util.h"
#include "xml-doc.h"
#include "xml-value.h"

#define RULE_PRIORITY 500 /* of a rule that has none */

static const char *const actions[] = { "drop", "accept", "reject", "return", "continue", NULL };
static const char *const directions[] = { "in", "out", "inout", NULL };

static void rule_free(NwfilterRule *rule)
{
    if (rule == NULL)
        return;
    for (guint i = 0; i < NWFILTER_N_ATTRIBUTES; i++)
        nwfilter_item_clear(&rule->items[i]);
    g_free(rule);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterRule, rule_free)

static void entry_free(gpointer data)
{
    NwfilterEntry *entry = data;

    rule_free(entry->rule);
    xml_object_free(&domain_filterref_class, entry->reference);
    g_free(entry);
}

void nwfilter_def_free(NwfilterDef *def)
{
    if (def == NULL)
        return;
    g_free(def->name);
    g_free(def->uuid);
    g_free(def->chain);
    g_ptr_array_unref(def->entries);
    g_free(def);
}

/* ---- attributes ---- */

/* NULL: not there. */
static char *get_attribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

static int find_word(const char *const *words, const char *text)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

static gboolean get_word(xmlNodePtr node, const char *name, const char *const *words, int *ret,
                         GError **error)
{
    g_autofree char *text = get_attribute(node, name);

    if (text == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "rule node requires %s attribute", name);
    *ret = find_word(words, text);
    return *ret >= 0 || fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                             "unknown rule %s attribute value '%s'", name, text);
}

/* *ret stays as it is when there is none. */
static gboolean get_priority(xmlNodePtr node, gboolean *ret_given, int *ret, GError **error)
{
    g_autofree char *text = get_attribute(node, "priority");
    gint64 number;

    *ret_given = text != NULL;
    if (text == NULL)
        return TRUE;
    if (!g_ascii_string_to_signed(text, 10, G_MININT, G_MAXINT, &number, NULL))
        return fail(error, VIR_ERR_INVALID_ARG, "Could not parse priority '%s'", text);
    if (number < -NWFILTER_PRIORITY_MAX || number > NWFILTER_PRIORITY_MAX)
        return fail(error, VIR_ERR_INVALID_ARG, "Priority '%s' is outside valid range of [%d,%d]",
                    text, -NWFILTER_PRIORITY_MAX, NWFILTER_PRIORITY_MAX);
    *ret = (int)number;
    return TRUE;
}

/* ---- rules ---- */

static gboolean parse_item(NwfilterRule *rule, xmlNodePtr node, const NwfilterAttribute *attribute,
                           gboolean negated, GError **error)
{
    g_autofree char *text = get_attribute(node, attribute->name);

    if (text == NULL)
        return TRUE;
    if (!nwfilter_item_parse(&rule->items[attribute->id], attribute->type, text))
        return fail(error, VIR_ERR_INTERNAL_ERROR, "%s has illegal value %s", attribute->name,
                    text);
    rule->items[attribute->id].negated = negated;
    return TRUE;
}

static gboolean check_known(xmlNodePtr node, const NwfilterProtocol *protocol, GError **error)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        const char *name = (const char *)a->name;
        if (strcmp(name, "match") != 0 && nwfilter_attribute_find(protocol, name) == NULL)
            return fail(error, VIR_ERR_XML_ERROR, "'%s' is no attribute of a '%s' rule", name,
                        protocol->name);
    }
    return TRUE;
}

/* A mask and the end of a range are negated with what they belong to, wherever they stand. */
static void settle_negation(NwfilterRule *rule)
{
    for (guint i = 0; i < rule->protocol->n_attributes; i++) {
        const NwfilterAttribute *a = &rule->protocol->attributes[i];
        if (a->of != NWFILTER_N_ATTRIBUTES && rule->items[a->of].present)
            rule->items[a->id].negated = rule->items[a->of].negated;
    }
}

static void settle_ipset(NwfilterRule *rule)
{
    if (rule->items[NWFILTER_IPSET].present && !rule->items[NWFILTER_IPSETFLAGS].present)
        nwfilter_item_parse(&rule->items[NWFILTER_IPSETFLAGS], NWFILTER_TYPE_IPSET_FLAGS, "src");
}

/* A rule may have several elements of one protocol: match='no' is of the element. */
static gboolean parse_protocol(NwfilterRule *rule, xmlNodePtr node, GError **error)
{
    const NwfilterProtocol *protocol = nwfilter_protocol_find((const char *)node->name);
    g_autofree char *match = get_attribute(node, "match");
    gboolean negated = g_strcmp0(match, "no") == 0;

    if (protocol == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "unknown protocol '%s' in a rule",
                    (const char *)node->name);
    if (rule->protocol != NULL && rule->protocol != protocol)
        return fail(error, VIR_ERR_XML_ERROR, "a rule cannot have both '%s' and '%s'",
                    rule->protocol->name, protocol->name);
    rule->protocol = protocol;
    if (!check_known(node, protocol, error))
        return FALSE;
    for (guint i = 0; i < protocol->n_attributes; i++)
        if (!parse_item(rule, node, &protocol->attributes[i], negated, error))
            return FALSE;
    return TRUE;
}

/* Only these have ports: IANA's numbers of TCP, UDP, DCCP, SCTP. */
static gboolean check_ports(const NwfilterRule *rule, GError **error)
{
    static const guint32 with_ports[] = { 6, 17, 33, 132 };
    const NwfilterItem *items = rule->items;

    if ((rule->protocol->kind != NWFILTER_PROTO_IP &&
         rule->protocol->kind != NWFILTER_PROTO_IPV6) ||
        !(items[NWFILTER_SRCPORTSTART].present || items[NWFILTER_SRCPORTEND].present ||
          items[NWFILTER_DSTPORTSTART].present || items[NWFILTER_DSTPORTEND].present))
        return TRUE;
    for (guint i = 0; items[NWFILTER_PROTOCOL].present && i < G_N_ELEMENTS(with_ports); i++)
        if (items[NWFILTER_PROTOCOL].number == with_ports[i])
            return TRUE;
    return fail(error, VIR_ERR_INTERNAL_ERROR,
                "%s rule with port specification requires protocol specification with protocol to "
                "be either one of tcp(6), udp(17), dccp(33), or sctp(132)",
                rule->protocol->kind == NWFILTER_PROTO_IP ? "IP" : "IPv6");
}

static NwfilterRule *parse_rule(xmlNodePtr node, GError **error)
{
    g_autoptr(NwfilterRule) rule = g_new0(NwfilterRule, 1);
    g_autofree char *statematch = get_attribute(node, "statematch");
    gboolean given;
    int action, direction;

    rule->priority = RULE_PRIORITY;
    rule->stateless = statematch != NULL && (strcmp(statematch, "0") == 0 ||
                                             g_ascii_strcasecmp(statematch, "false") == 0);
    if (!get_word(node, "action", actions, &action, error) ||
        !get_word(node, "direction", directions, &direction, error) ||
        !get_priority(node, &given, &rule->priority, error))
        return NULL;
    rule->action = (NwfilterAction)action;
    rule->direction = (NwfilterDirection)direction;
    for (xmlNodePtr child = xmlFirstElementChild(node); child != NULL;
         child = xmlNextElementSibling(child))
        if (!parse_protocol(rule, child, error))
            return NULL;
    if (rule->protocol != NULL) {
        settle_negation(rule);
        settle_ipset(rule);
        if (!check_ports(rule, error))
            return NULL;
    }
    return g_steal_pointer(&rule);
}

/* ---- filters ---- */

static DomainFilterRef *parse_reference(xmlNodePtr node, GError **error)
{
    DomainFilterRef *reference = xml_object_new(&domain_filterref_class);

    if (xml_object_parse(&domain_filterref_class, reference, node, 0, error))
        return reference;
    xml_object_free(&domain_filterref_class, reference);
    return NULL;
}

static gboolean parse_entry(NwfilterDef *def, xmlNodePtr node, GError **error)
{
    const char *name = (const char *)node->name;
    NwfilterEntry entry = { 0 };

    if (strcmp(name, "rule") == 0)
        entry.rule = parse_rule(node, error);
    else if (strcmp(name, "filterref") == 0)
        entry.reference = parse_reference(node, error);
    else if (strcmp(name, "uuid") == 0)
        return TRUE;
    else
        return fail(error, VIR_ERR_XML_ERROR, "unknown element '%s' in a network filter", name);
    if (entry.rule == NULL && entry.reference == NULL)
        return FALSE;
    g_ptr_array_add(def->entries, g_memdup2(&entry, sizeof entry));
    return TRUE;
}

static gboolean parse_uuid(NwfilterDef *def, xmlNodePtr root, GError **error)
{
    for (xmlNodePtr child = xmlFirstElementChild(root); child != NULL;
         child = xmlNextElementSibling(child)) {
        if (strcmp((const char *)child->name, "uuid") != 0)
            continue;
        xmlChar *content = xmlNodeGetContent(child);
        g_autofree char *text = g_strstrip(g_strdup((const char *)content));
        guint8 uuid[XDR_UUID_LEN];

        xmlFree(content);
        if (!uuid_from_text(text, uuid))
            return fail(error, VIR_ERR_XML_ERROR, "malformed uuid element");
        g_free(def->uuid);
        def->uuid = g_malloc(UUID_TEXT_LEN);
        uuid_to_text(uuid, def->uuid);
    }
    return TRUE;
}

static gboolean parse_chain(NwfilterDef *def, xmlNodePtr root, GError **error)
{
    g_autofree char *chain = get_attribute(root, "chain");
    gboolean given;
    int priority = 0;

    if (!get_priority(root, &given, &priority, error))
        return FALSE;
    def->chain = g_strdup(chain != NULL ? chain : NWFILTER_ROOT_CHAIN);
    if (!nwfilter_chain_check(def->chain, error))
        return FALSE;
    if (chain != NULL)
        def->priority = given ? priority : nwfilter_chain_kind(chain)->priority;
    return TRUE;
}

NwfilterDef *nwfilter_def_parse(const char *xml, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(nwfilter_definition)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "filter") != 0) {
        fail(error, VIR_ERR_XML_ERROR, "expecting root element of 'filter', not '%s'",
             (const char *)root->name);
        return NULL;
    }
    g_autoptr(NwfilterDef) def = g_new0(NwfilterDef, 1);
    def->entries = g_ptr_array_new_with_free_func(entry_free);
    def->name = get_attribute(root, "name");
    if (def->name == NULL || *def->name == '\0') {
        fail(error, VIR_ERR_INTERNAL_ERROR, "filter has no name");
        return NULL;
    }
    if (!parse_chain(def, root, error) || !parse_uuid(def, root, error))
        return NULL;
    for (xmlNodePtr child = xmlFirstElementChild(root); child != NULL;
         child = xmlNextElementSibling(child))
        if (!parse_entry(def, child, error))
            return NULL;
    return g_steal_pointer(&def);
}

/* ---- formatting ---- */

/* The next attribute from i on that is there; the number of attributes at the end. */
static guint next_present(const NwfilterRule *rule, guint i)
{
    while (i < rule->protocol->n_attributes &&
           !rule->items[rule->protocol->attributes[i].id].present)
        i++;
    return i;
}

/* As many elements as it takes: each has what is negated, or what is not. */
static void format_protocol(const NwfilterRule *rule, GString *xml)
{
    const NwfilterProtocol *protocol = rule->protocol;
    guint i = next_present(rule, 0);

    do {
        g_string_append_printf(xml, "    <%s", protocol->name);
        gboolean negated = i < protocol->n_attributes &&
                           rule->items[protocol->attributes[i].id].negated;
        if (negated)
            g_string_append(xml, " match='no'");
        for (; i < protocol->n_attributes; i = next_present(rule, i + 1)) {
            const NwfilterItem *item = &rule->items[protocol->attributes[i].id];
            if (item->negated != negated)
                break;
            g_string_append_printf(xml, " %s='", protocol->attributes[i].name);
            xml_escape(xml, item->text, TRUE);
            g_string_append_c(xml, '\'');
        }
        g_string_append(xml, "/>\n");
    } while (i < protocol->n_attributes);
}

static void format_rule(const NwfilterRule *rule, GString *xml)
{
    g_string_append_printf(xml, "  <rule action='%s' direction='%s' priority='%d'%s",
                           actions[rule->action], directions[rule->direction],
                           rule->priority, rule->stateless ? " statematch='false'" : "");
    if (rule->protocol == NULL) {
        g_string_append(xml, "/>\n");
        return;
    }
    g_string_append(xml, ">\n");
    format_protocol(rule, xml);
    g_string_append(xml, "  </rule>\n");
}

char *nwfilter_def_format(const NwfilterDef *def)
{
    GString *xml = g_string_new("<filter name='");

    xml_escape(xml, def->name, TRUE);
    g_string_append_printf(xml, "' chain='%s'", def->chain);
    if (def->priority != 0)
        g_string_append_printf(xml, " priority='%d'", def->priority);
    g_string_append(xml, ">\n");
    if (def->uuid != NULL)
        g_string_append_printf(xml, "  <uuid>%s</uuid>\n", def->uuid);
    for (guint i = 0; i < def->entries->len; i++) {
        const NwfilterEntry *entry = def->entries->pdata[i];
        if (entry->rule != NULL)
            format_rule(entry->rule, xml);
        else
            xml_object_format(&domain_filterref_class, entry->reference, "filterref", 2, 0, xml);
    }
    g_string_append(xml, "</filter>\n");
    return g_string_free(xml, FALSE);
}
