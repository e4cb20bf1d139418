/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event registrations of the clients, and sending to whoever registered. One packet per
 * registration; a registration with a key gets the events of that object only. Keys are texts: a
 * UUID, or a node device's name.
 */
#pragma once

#include "server.h"

G_BEGIN_DECLS

typedef enum {
    RPC_EVENT_DOMAIN,
    RPC_EVENT_NETWORK,
    RPC_EVENT_POOL,
    RPC_EVENT_NODEDEV,
    RPC_EVENT_SECRET,
    RPC_EVENT_MONITOR, /* what an emulator says, as it says it: chosen by name, not by number */
    RPC_EVENT_CLASS_COUNT
} RpcEventClass;

/* The domain events that kanzend sends (libvirt-domain.h); every other number up to 26 can be
 * registered too. */
enum {
    VIR_DOMAIN_EVENT_ID_LIFECYCLE = 0,
    VIR_DOMAIN_EVENT_ID_REBOOT = 1,
    VIR_DOMAIN_EVENT_ID_RTC_CHANGE = 2,
    VIR_DOMAIN_EVENT_ID_WATCHDOG = 3,
    VIR_DOMAIN_EVENT_ID_IO_ERROR = 4,
    VIR_DOMAIN_EVENT_ID_GRAPHICS = 5,
    VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON = 6,
    VIR_DOMAIN_EVENT_ID_BLOCK_JOB = 8,
    VIR_DOMAIN_EVENT_ID_TRAY_CHANGE = 10,
    VIR_DOMAIN_EVENT_ID_PMWAKEUP = 11,
    VIR_DOMAIN_EVENT_ID_PMSUSPEND = 12,
    VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE = 13,
    VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK = 14,
    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED = 15,
    VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2 = 16,
    VIR_DOMAIN_EVENT_ID_TUNABLE = 17,
    VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE = 18,
    VIR_DOMAIN_EVENT_ID_DEVICE_ADDED = 19,
    VIR_DOMAIN_EVENT_ID_JOB_COMPLETED = 21,
    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED = 22,
    VIR_DOMAIN_EVENT_ID_METADATA_CHANGE = 23,
    VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD = 24,
    VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE = 25,
    VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE = 26,
};

/*
 * Registers the calling client; its events begin when the reply is on its way. Leaves the
 * registration's number in ret_id. legacy: events without callback numbers, one registration per
 * event (procedures 105 and 167).
 */
gboolean rpc_events_register(RpcCall *call, RpcEventClass klass, int event_id, const char *key,
                             gboolean legacy, gint *ret_id, GError **error);
/* The same for RPC_EVENT_MONITOR. names: those that are wanted, NULL: all; taken. */
void rpc_events_register_named(RpcCall *call, RpcEventClass klass, const char *key, GRegex *names,
                               gint *ret_id);
gboolean rpc_events_deregister(RpcClient *client, RpcEventClass klass, gint id, GError **error);
gboolean rpc_events_deregister_legacy(RpcClient *client, int event_id, GError **error);

/* body: the event's message without the callback number. Borrowed. Any thread. */
void rpc_events_send(RpcServer *server, RpcEventClass klass, int event_id, const char *key,
                     const GByteArray *body);
void rpc_events_send_named(RpcServer *server, RpcEventClass klass, const char *name,
                           const char *key, const GByteArray *body);

G_END_DECLS
