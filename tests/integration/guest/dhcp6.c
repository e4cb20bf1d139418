/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a Linux guest, whose busybox has no client for DHCPv6 (RFC 8415): asks for an address, prints it. The name it tells (RFC 4704)
 * is for the server's DNS. usage: dhcp6 INTERFACE NAME
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { CLIENT_PORT = 546, SERVER_PORT = 547, TRIES = 20 };
enum { SOLICIT = 1, ADVERTISE = 2, REQUEST = 3, REPLY = 7 };                        /* RFC 8415 7.3 */
enum { CLIENT_ID = 1, SERVER_ID = 2, IA_NA = 3, IA_ADDR = 5, ELAPSED = 8, FQDN = 39 }; /* 21.2 and on */
enum { HEADER = 4, IA_HEADER = 12 };

struct packet {
    uint8_t bytes[1500];
    size_t len;
};

static void put_option(struct packet *packet, unsigned int code, const void *data, size_t len)
{
    const uint8_t head[] = { (uint8_t)(code >> 8), (uint8_t)code, (uint8_t)(len >> 8), (uint8_t)len };

    memcpy(packet->bytes + packet->len, head, sizeof head);
    memcpy(packet->bytes + packet->len + sizeof head, data, len);
    packet->len += sizeof head + len;
}

/* The option's data; NULL: it is not there. */
static const uint8_t *get_option(const uint8_t *options, size_t len, unsigned int code, size_t *ret_len)
{
    for (size_t at = 0; at + 4 <= len;) {
        size_t size = (size_t)options[at + 2] << 8 | options[at + 3];
        if (at + 4 + size > len)
            break;
        if (((unsigned int)options[at] << 8 | options[at + 1]) == code) {
            *ret_len = size;
            return options + at + 4;
        }
        at += 4 + size;
    }
    return NULL;
}

/* offer: the server's answer to the first question; NULL: this is the first. */
static void ask(struct packet *packet, const uint8_t *mac, const char *name, const struct packet *offer)
{
    uint8_t duid[10] = { 0, 3, 0, 1 }; /* RFC 8415 11.4: by link-layer address, Ethernet */
    uint8_t ia[IA_HEADER] = { mac[2], mac[3], mac[4], mac[5] };
    uint8_t fqdn[64] = { 0, (uint8_t)strlen(name) };
    size_t len;

    memcpy(duid + 4, mac, 6);
    memcpy(fqdn + 2, name, fqdn[1]);
    *packet = (struct packet){ { offer != NULL ? REQUEST : SOLICIT, 'k', 'z', 'n' }, HEADER };
    put_option(packet, CLIENT_ID, duid, sizeof duid);
    if (offer != NULL) {
        const uint8_t *id = get_option(offer->bytes + HEADER, offer->len - HEADER, SERVER_ID, &len);
        put_option(packet, SERVER_ID, id, id != NULL ? len : 0);
    }
    const uint8_t *offered =
        offer != NULL ? get_option(offer->bytes + HEADER, offer->len - HEADER, IA_NA, &len) : NULL;
    put_option(packet, IA_NA, offered != NULL ? offered : ia, offered != NULL ? len : sizeof ia);
    put_option(packet, ELAPSED, "\0", 2);
    put_option(packet, FQDN, fqdn, 2u + fqdn[1] + 1);
}

/* Sends it until an answer of that kind comes. */
static int exchange(int fd, const struct packet *question, int kind, unsigned int interface, struct packet *answer)
{
    struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(SERVER_PORT), .sin6_scope_id = interface };
    struct pollfd wait = { fd, POLLIN, 0 };

    inet_pton(AF_INET6, "ff02::1:2", &to.sin6_addr);
    for (int i = 0; i < TRIES; i++) {
        /* It fails until the interface has its link-local address. */
        sendto(fd, question->bytes, question->len, 0, (struct sockaddr *)&to, sizeof to);
        while (poll(&wait, 1, 1000) > 0) {
            ssize_t len = recv(fd, answer->bytes, sizeof answer->bytes, 0);
            answer->len = len > HEADER ? (size_t)len : HEADER;
            if (len > HEADER && answer->bytes[0] == kind)
                return 1;
        }
    }
    return 0;
}

static int print_address(const struct packet *reply)
{
    char text[INET6_ADDRSTRLEN];
    size_t len, size;
    const uint8_t *ia = get_option(reply->bytes + HEADER, reply->len - HEADER, IA_NA, &len);
    const uint8_t *address =
        ia != NULL && len > IA_HEADER ? get_option(ia + IA_HEADER, len - IA_HEADER, IA_ADDR, &size) : NULL;

    if (address == NULL || size < sizeof(struct in6_addr))
        return 1;
    puts(inet_ntop(AF_INET6, address, text, sizeof text));
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in6 own = { .sin6_family = AF_INET6, .sin6_port = htons(CLIENT_PORT) };
    struct ifreq request = { 0 };
    struct packet question, offer, reply;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    if (argc != 3 || strlen(argv[2]) > 60)
        return 2;
    strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0) {
        perror("dhcp6");
        return 1;
    }
    const uint8_t *mac = (const uint8_t *)request.ifr_hwaddr.sa_data;
    unsigned int interface = if_nametoindex(argv[1]);
    ask(&question, mac, argv[2], NULL);
    if (!exchange(fd, &question, ADVERTISE, interface, &offer))
        return 1;
    ask(&question, mac, argv[2], &offer);
    return !exchange(fd, &question, REPLY, interface, &reply) || print_address(&reply);
}
