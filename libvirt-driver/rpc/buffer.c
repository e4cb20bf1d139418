/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "buffer.h"

#define SPARE_MAX 16u /* 4 MiB */

/* The one that was given last is the one in the processor's caches. */
static GMutex lock;
static guint8 *spare[SPARE_MAX];
static guint n_spare, n_streams;

guint8 *rpc_buffer_take(void)
{
    guint8 *buffer = NULL;

    g_mutex_lock(&lock);
    if (n_spare > 0)
        buffer = spare[--n_spare];
    g_mutex_unlock(&lock);
    return buffer != NULL ? buffer : g_malloc(RPC_BUFFER_LEN);
}

void rpc_buffer_give(guint8 *buffer)
{
    g_mutex_lock(&lock);
    if (n_streams > 0 && n_spare < SPARE_MAX)
        spare[n_spare++] = g_steal_pointer(&buffer);
    g_mutex_unlock(&lock);
    g_free(buffer);
}

GByteArray *rpc_buffer_take_array(void)
{
    return g_byte_array_set_size(g_byte_array_new_take(rpc_buffer_take(), RPC_BUFFER_LEN), 0);
}

static void give(gpointer buffer)
{
    rpc_buffer_give(buffer);
}

GBytes *rpc_buffer_to_bytes(GByteArray *array)
{
    gsize len;
    guint8 *buffer = g_byte_array_steal(array, &len);

    g_byte_array_unref(array);
    g_assert(len <= RPC_BUFFER_LEN);
    return g_bytes_new_with_free_func(buffer, len, give, buffer);
}

void rpc_buffers_keep(void)
{
    g_mutex_lock(&lock);
    n_streams++;
    g_mutex_unlock(&lock);
}

void rpc_buffers_release(void)
{
    g_mutex_lock(&lock);
    if (--n_streams == 0)
        while (n_spare > 0)
            g_free(spare[--n_spare]);
    g_mutex_unlock(&lock);
}
