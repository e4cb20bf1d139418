/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody in the guest has a channel open: shown in the live definition, and told of the
 * guest agent's. */
#include "channel.h"

#include <stdio.h>
#include <string.h>

#include "rpc/event.h"

#define AGENT_NAME "org.qemu.guest_agent.0"

/* virConnectDomainEventAgentLifecycleState and its reason */
enum { AGENT_CONNECTED = 1, AGENT_DISCONNECTED = 2 };
enum { REASON_CHANNEL = 2 };

/* The channel behind QEMU's "port<n>-dev": ports count consoles, then channels of virtio. */
static DomainChar *find_channel(const DomainDef *def, const char *id)
{
    guint number, n = 0;
    int end = 0;

    if (sscanf(id, "port%u-dev%n", &number, &end) != 1 || id[end] != '\0')
        return NULL;
    for (guint i = 0; i < def->consoles->len; i++)
        n += ((const DomainChar *)def->consoles->pdata[i])->target_type ==
             DOMAIN_CHAR_TARGET_VIRTIO;
    for (guint i = 0; i < def->channels->len; i++) {
        DomainChar *channel = def->channels->pdata[i];

        if (channel->target_type == DOMAIN_CHAR_TARGET_VIRTIO && n++ == number)
            return channel;
    }
    return NULL;
}

static void tell_agent(DomainRegistry *registry, Domain *domain, gboolean open)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_i32(body, open ? AGENT_CONNECTED : AGENT_DISCONNECTED);
    xdr_put_i32(body, REASON_CHANNEL);
    domain_send_event(registry, domain, VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, body);
}

void channel_changed(DomainRegistry *registry, Domain *domain, const DomainDef *live,
                     const char *id, gboolean open)
{
    const char *state = open ? "connected" : "disconnected";
    g_autoptr(DomainDef) def = domain_def_dup(live);
    DomainChar *channel = find_channel(def, id);
    g_autoptr(GError) error = NULL;
    gboolean is_agent;

    if (channel == NULL || g_strcmp0(channel->target_state, state) == 0)
        return;
    g_free(channel->target_state);
    channel->target_state = g_strdup(state);
    is_agent = g_strcmp0(channel->target_name, AGENT_NAME) == 0;
    if (!domain_registry_set_live(registry, domain, definition_new(g_steal_pointer(&def)), &error))
        g_warning("domain: cannot keep the state of a channel: %s", error->message);
    if (is_agent)
        tell_agent(registry, domain, open);
}
