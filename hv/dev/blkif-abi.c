/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two layouts of a block ring, see blkif-abi.h. */
#include "blkif-abi.h"

#include "string.h"
#include <xen/io/protocols.h>

const struct blkif_abi blkif_abi_x86_64 = {
    .protocol = XEN_IO_PROTO_ABI_X86_64,
    .entry_size = 112,
    .response_size = 16,
    .id = 8,
    .sector = 16,
    .segments = 24,
    .discard_nr = 24,
    .indirect_id = 8,
    .indirect_sector = 16,
    .indirect_grefs = 28,
};

const struct blkif_abi blkif_abi_x86_32 = {
    .protocol = XEN_IO_PROTO_ABI_X86_32,
    .entry_size = 108,
    .response_size = 12,
    .id = 4,
    .sector = 12,
    .segments = 20,
    .discard_nr = 20,
    .indirect_id = 4,
    .indirect_sector = 12,
    .indirect_grefs = 24,
};

/* hv is 64-bit, so the public header's structures are the first layout. */
_Static_assert(sizeof(union blkif_sring_entry) == 112, "blkif_request");
_Static_assert(offsetof(struct blkif_request, id) == 8, "blkif_request");
_Static_assert(offsetof(struct blkif_request, sector_number) == 16, "blkif_request");
_Static_assert(offsetof(struct blkif_request, seg) == 24, "blkif_request");
_Static_assert(offsetof(struct blkif_request_discard, nr_sectors) == 24, "blkif_request_discard");
_Static_assert(offsetof(struct blkif_request_indirect, id) == 8, "blkif_request_indirect");
_Static_assert(offsetof(struct blkif_request_indirect, sector_number) == 16,
               "blkif_request_indirect");
_Static_assert(offsetof(struct blkif_request_indirect, indirect_grefs) == 28,
               "blkif_request_indirect");
_Static_assert(offsetof(struct blkif_response, operation) == 8, "blkif_response");
_Static_assert(offsetof(struct blkif_response, status) == 10, "blkif_response");

const struct blkif_abi *blkif_abi_find(const char *protocol)
{
    static const struct blkif_abi *const all[] = { &blkif_abi_x86_64, &blkif_abi_x86_32 };

    for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
        if (strcmp(all[i]->protocol, protocol) == 0)
            return all[i];
    return NULL;
}

static void decode_indirect(const struct blkif_abi *abi, const uint8_t *entry, struct blkif_op *ret)
{
    uint16_t nr;

    ret->indirect = true;
    ret->operation = entry[1];
    memcpy(&nr, entry + 2, sizeof(nr));
    ret->nr_segments = nr;
    memcpy(&ret->id, entry + abi->indirect_id, sizeof(ret->id));
    memcpy(&ret->sector, entry + abi->indirect_sector, sizeof(ret->sector));
    memcpy(ret->indirect_gref, entry + abi->indirect_grefs, sizeof(ret->indirect_gref));
}

void blkif_decode(const struct blkif_abi *abi, const uint8_t *entry, struct blkif_op *ret)
{
    *ret = (struct blkif_op){ .operation = entry[0] };
    if (ret->operation == BLKIF_OP_INDIRECT) {
        decode_indirect(abi, entry, ret);
        return;
    }
    memcpy(&ret->id, entry + abi->id, sizeof(ret->id));
    memcpy(&ret->sector, entry + abi->sector, sizeof(ret->sector));
    if (ret->operation == BLKIF_OP_DISCARD) {
        ret->flag = entry[1];
        memcpy(&ret->nr_sectors, entry + abi->discard_nr, sizeof(ret->nr_sectors));
        return;
    }
    ret->nr_segments = entry[1];
    memcpy(ret->seg, entry + abi->segments, sizeof(ret->seg));
}

void blkif_encode_response(uint8_t buf[16], uint64_t id, uint8_t operation, int16_t status)
{
    memset(buf, 0, 16);
    memcpy(buf, &id, sizeof(id));
    buf[8] = operation;
    memcpy(buf + 10, &status, sizeof(status));
}
