/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests and responses of io/blkif.h as 32-bit and 64-bit x86 guests lay them out in the ring.
 * They differ because i386 aligns 64-bit fields to 4 bytes.
 */
#pragma once

#include "types.h"
#include <xen/xen.h>
#include <xen/io/blkif.h>

#define BLKIF_INDIRECT_PAGES BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST
#define BLKIF_SEGS_PER_PAGE  (PAGE_SIZE / sizeof(struct blkif_request_segment))

struct blkif_abi {
    const char *protocol; /* the front end's "protocol" node */
    uint32_t entry_size;
    uint32_t response_size;
    /* Byte offsets. id, sector and the rest shift together; the response's id and operation do
     * not. */
    uint8_t id, sector, segments, discard_nr;
    uint8_t indirect_id, indirect_sector, indirect_grefs;
};

extern const struct blkif_abi blkif_abi_x86_64, blkif_abi_x86_32;

/* The one of that name; NULL: unknown. */
const struct blkif_abi *blkif_abi_find(const char *protocol);

/* A request with its layout resolved. Nothing in it has been checked. */
struct blkif_op {
    uint8_t operation; /* of an indirect request: what it wraps */
    bool indirect;
    uint8_t flag;      /* of a discard */
    uint32_t nr_segments;
    uint64_t id;
    uint64_t sector;
    uint64_t nr_sectors; /* of a discard */
    struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
    uint32_t indirect_gref[BLKIF_INDIRECT_PAGES];
};

#define BLKIF_MAX_ENTRY_SIZE 112

/* entry: abi->entry_size bytes copied out of the ring. */
void blkif_decode(const struct blkif_abi *abi, const uint8_t *entry, struct blkif_op *ret);
/* Fills at least abi->response_size bytes of buf. */
void blkif_encode_response(uint8_t buf[16], uint64_t id, uint8_t operation, int16_t status);
