/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

#include "file.h"

#define HISTORY 32

static const KxlField transition_rows[] = {
    KXL_ROW("seq", UINT, KxlTransition, seq),
    KXL_ROW_ENUM_ALWAYS("state", KxlTransition, state, &kxl_words_state, KXL_STATE_UNKNOWN),
    KXL_ROW_INIT("reason", INT, KxlTransition, reason, KXL_REASON_NONE),
};
KXL_TYPE_DEFINE(transition, KxlTransition, transition_rows)

#define ROW(p, k, m) KXL_ROW(p, k, KxlState, m)
static const KxlField state_rows[] = {
    ROW("domid", INT, domid),
    KXL_ROW_ENUM_ALWAYS("type", KxlState, type, &kxl_words_type, KXL_TYPE_PV),
    ROW("name", STRING, name),
    ROW("uuid", STRING, uuid),
    ROW("restarted", BOOL, restarted),
    ROW("seq", UINT, seq),
    KXL_ROW_ENUM_ALWAYS("state", KxlState, state, &kxl_words_state, KXL_STATE_UNKNOWN),
    KXL_ROW_INIT("reason", INT, KxlState, reason, KXL_REASON_NONE),
    KXL_ROW_TYPE("history", ARRAY, KxlState, history, transition),
    ROW("message", STRING, message),
    ROW("start_time_us", INT64, start_time_us),
    ROW("memory_kb", UINT64, memory_kb),
    ROW("max_memory_kb", UINT64, max_memory_kb),
    ROW("vcpus", UINT, vcpus),
    ROW("max_vcpus", UINT, max_vcpus),
    ROW("supervisor_pid", INT, supervisor_pid),
    ROW("ttys", STRV, ttys),
    ROW("vcpu_tids", STRV, vcpu_tids),
    ROW("vnc_address", STRING, vnc_address),
    ROW("vnc_port", UINT, vnc_port),
    ROW("vnc_websocket", UINT, vnc_websocket),
    ROW("vnc_socket", STRING, vnc_socket),
    ROW("spice_address", STRING, spice_address),
    ROW("spice_port", UINT, spice_port),
    ROW("spice_tls_port", UINT, spice_tls_port),
};
KXL_TYPE_DEFINE(state, KxlState, state_rows)

KxlState *kxl_state_new(int domid, const KxlDomainConfig *config)
{
    KxlState *state = kxl_type_new(&kxl_type_state);

    state->domid = domid;
    state->type = config->type;
    state->name = g_strdup(config->name);
    state->uuid = g_strdup(config->uuid);
    state->memory_kb = config->target_memkb;
    state->max_memory_kb = MAX(config->max_memkb, config->target_memkb);
    state->max_vcpus = MAX(config->max_vcpus, 1);
    state->vcpus = config->vcpus ? config->vcpus : state->max_vcpus;
    state->start_time_us = g_get_real_time();
    kxl_state_enter(state, KXL_STATE_STARTING, KXL_REASON_NONE);
    return state;
}

void kxl_state_free(KxlState *state)
{
    kxl_type_free(&kxl_type_state, state);
}

void kxl_state_enter(KxlState *state, KxlDomainState to, KxlShutdownReason reason)
{
    KxlTransition *transition;

    if (state->state == to && state->reason == reason)
        return;
    state->seq++;
    state->state = to;
    state->reason = reason;
    transition = kxl_type_new(&kxl_type_transition);
    *transition = (KxlTransition){ state->seq, to, reason };
    g_ptr_array_add(state->history, transition);
    if (state->history->len > HISTORY)
        g_ptr_array_remove_index(state->history, 0);
}

KxlState *kxl_state_load(const char *path, GError **error)
{
    g_autofree char *text = kxl_file_read(path, error);

    return text ? kxl_type_from_text(&kxl_type_state, text, path, error) : NULL;
}

gboolean kxl_state_save(const KxlState *state, const char *path, GError **error)
{
    g_autofree char *text = kxl_type_to_text(&kxl_type_state, state);

    return kxl_file_write(path, text, error);
}
