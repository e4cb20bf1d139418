/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/stream.h"

G_BEGIN_DECLS

/* Sends what can be read from fd to the client, then end of file. Takes fd, a regular file. */
void file_stream_new(RpcCall *call, int fd);

G_END_DECLS
