/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Included first in every file of the image (not in host tests): one image, so no symbol needs a
 * GOT entry. */
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
