/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learn.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A DHCP answer with all its options is smaller. */
#define FRAME_MAX 2048
/* Packets looked at before others in the loop have their turn. */
#define BURST 32

typedef struct {
    NwfilterLearner *learner;
    char *portdev;
    guint8 mac[6];
    NwfilterLearning learning;
    guint ifindex; /* 0: it is not there */
    int fd;        /* -1 likewise */
    GSource *source;
} Watch;

struct NwfilterLearner {
    NwfilterLearnFunc func;
    gpointer user_data;
    GMutex lock;
    GHashTable *watches; /* of Watch, by portdev */
    int link_fd;         /* tells of interfaces that come and go */
    GSource *link_source;
};

/* ---- one interface ---- */

/* The kernel passes on only what may tell something. The offsets are from the Ethernet header. */
static gboolean set_filter(int fd, NwfilterLearning learning)
{
    enum { ACCEPT = 9, REFUSE = 10 };
#define JUMP(at, target) ((target) - (at) - 1)
    struct sock_filter code[] = {
        [0] = BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        [1] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, JUMP(1, ACCEPT), 0),
        [2] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, JUMP(2, REFUSE)),
        [3] = BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23), /* the protocol */
        [4] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, JUMP(4, REFUSE)),
        [5] = BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN),
        [6] = BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETH_HLEN + 2), /* the destination's port */
        [7] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, JUMP(7, ACCEPT), 0),
        [8] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, JUMP(8, ACCEPT), JUMP(8, REFUSE)),
        [ACCEPT] = BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
        [REFUSE] = BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = { G_N_ELEMENTS(code), code };

    if (learning == NWFILTER_LEARN_ANY) /* any IPv4 packet */
        code[2] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, JUMP(2, ACCEPT),
                                               JUMP(2, REFUSE));
    else /* no ARP */
        code[1].jt = JUMP(1, REFUSE);
#undef JUMP
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static int open_socket(const Watch *watch)
{
    struct sockaddr_ll address = { .sll_family = AF_PACKET,
                                   .sll_protocol = htons(ETH_P_ALL),
                                   .sll_ifindex = (int)watch->ifindex };
    /* Bound to no protocol until the filter is in place. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && set_filter(fd, watch->learning) &&
        bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    g_warning("nwfilter: cannot look at what passes '%s': %s", watch->portdev, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What a source of the loop holds: the watch itself may end in another thread meanwhile. */
typedef struct {
    NwfilterLearner *learner;
    char *portdev;
} Reader;

static void reader_free(gpointer data)
{
    Reader *reader = data;

    g_free(reader->portdev);
    g_free(reader);
}

/* Up to the first packet that tells something. Under the lock. */
static void read_packets(const Watch *watch, NwfilterSighting *ret_found)
{
    for (guint i = 0; i < BURST && ret_found->seen == NWFILTER_SEEN_NOTHING; i++) {
        guint8 frame[FRAME_MAX];
        struct sockaddr_ll from;
        socklen_t from_len = sizeof from;
        ssize_t n =
            recvfrom(watch->fd, frame, sizeof frame, 0, (struct sockaddr *)&from, &from_len);

        if (n < 0) /* none left; or the interface is down, which is said once */
            break;
        *ret_found = nwfilter_packet_look(frame, (gsize)n, watch->mac,
                                          from.sll_pkttype == PACKET_OUTGOING, watch->learning);
    }
}

static gboolean readable(gint fd, GIOCondition condition, gpointer data)
{
    const Reader *reader = data;
    NwfilterLearner *learner = reader->learner;
    NwfilterSighting found = { .seen = NWFILTER_SEEN_NOTHING };

    g_mutex_lock(&learner->lock);
    const Watch *watch = g_hash_table_lookup(learner->watches, reader->portdev);
    gboolean is_ours = watch != NULL && watch->fd == fd;
    if (is_ours)
        read_packets(watch, &found);
    g_mutex_unlock(&learner->lock);
    if (found.seen != NWFILTER_SEEN_NOTHING)
        learner->func(reader->portdev, &found, learner->user_data);
    return is_ours;
}

static void close_watch(Watch *watch)
{
    if (watch->source != NULL) {
        g_source_destroy(watch->source);
        g_clear_pointer(&watch->source, g_source_unref);
    }
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
}

static void watch_free(gpointer data)
{
    Watch *watch = data;

    close_watch(watch);
    g_free(watch->portdev);
    g_free(watch);
}

/* Follows the interface; under the lock. */
static void settle(Watch *watch)
{
    guint ifindex = if_nametoindex(watch->portdev);

    if (ifindex == watch->ifindex)
        return;
    close_watch(watch);
    watch->ifindex = ifindex;
    if (ifindex == 0 || (watch->fd = open_socket(watch)) < 0)
        return;
    watch->source = g_unix_fd_source_new(watch->fd, G_IO_IN);
    Reader *reader = g_new(Reader, 1);
    *reader = (Reader){ watch->learner, g_strdup(watch->portdev) };
    g_source_set_callback(watch->source, G_SOURCE_FUNC(readable), reader, reader_free);
    g_source_attach(watch->source, NULL);
}

/* ---- interfaces that come and go ---- */

static gboolean links_changed(gint fd, GIOCondition condition, gpointer data)
{
    NwfilterLearner *learner = data;
    guint8 ignored[8192];
    GHashTableIter iter;
    gpointer watch;

    /* Which interface it is does not matter: those that are wanted are looked for. */
    while (recv(fd, ignored, sizeof ignored, 0) > 0)
        ;
    g_mutex_lock(&learner->lock);
    g_hash_table_iter_init(&iter, learner->watches);
    while (g_hash_table_iter_next(&iter, NULL, &watch))
        settle(watch);
    g_mutex_unlock(&learner->lock);
    return G_SOURCE_CONTINUE;
}

static int open_links(void)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    g_warning("nwfilter: cannot watch network interfaces: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Only when somebody's address is to be learned. Under the lock. */
static void watch_links(NwfilterLearner *learner)
{
    if (learner->link_fd >= 0 || (learner->link_fd = open_links()) < 0)
        return;
    learner->link_source = g_unix_fd_source_new(learner->link_fd, G_IO_IN);
    g_source_set_callback(learner->link_source, G_SOURCE_FUNC(links_changed), learner, NULL);
    g_source_attach(learner->link_source, NULL);
}

/* ---- all of it ---- */

NwfilterLearner *nwfilter_learner_new(NwfilterLearnFunc func, gpointer user_data)
{
    NwfilterLearner *learner = g_new0(NwfilterLearner, 1);

    learner->func = func;
    learner->user_data = user_data;
    learner->link_fd = -1;
    g_mutex_init(&learner->lock);
    learner->watches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, watch_free);
    return learner;
}

void nwfilter_learner_free(NwfilterLearner *learner)
{
    if (learner == NULL)
        return;
    if (learner->link_source != NULL) {
        g_source_destroy(learner->link_source);
        g_source_unref(learner->link_source);
    }
    if (learner->link_fd >= 0)
        close(learner->link_fd);
    g_hash_table_unref(learner->watches);
    g_mutex_clear(&learner->lock);
    g_free(learner);
}

void nwfilter_learner_watch(NwfilterLearner *learner, const char *portdev, const guint8 *mac,
                            NwfilterLearning learning)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&learner->lock);
    Watch *watch = g_hash_table_lookup(learner->watches, portdev);

    if (watch != NULL && watch->learning == learning &&
        memcmp(watch->mac, mac, sizeof watch->mac) == 0)
        return;
    watch = g_new(Watch, 1);
    *watch = (Watch){ .learner = learner,
                      .portdev = g_strdup(portdev),
                      .learning = learning,
                      .fd = -1 };
    memcpy(watch->mac, mac, sizeof watch->mac);
    g_hash_table_replace(learner->watches, watch->portdev, watch);
    watch_links(learner);
    settle(watch);
}

void nwfilter_learner_forget(NwfilterLearner *learner, const char *portdev)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&learner->lock);

    g_hash_table_remove(learner->watches, portdev);
}
