/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the arguments of a call from its signature (rpc/xdr.h) and a tape of bytes: the right
 * types, with values that mean something here as often as not. The same tape makes the same
 * arguments.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    const guint8 *bytes;
    gsize left;               /* zeros follow */
    const char *dir;          /* where names of files may point to */
    gboolean likes_documents; /* every second text is one */
} Tape;

guint8 tape_u8(Tape *tape);
guint32 tape_u32(Tape *tape);
guint tape_pick(Tape *tape, guint n); /* 0 to n - 1 */

/* Appends one value for each type of the signature. */
void generate_args(const char *signature, Tape *tape, GByteArray *out);

/* rpc-dictionary.c: texts, "%DIR%" in them standing for the folder. */
extern const char *const dictionary_words[];
extern const guint dictionary_words_len;
extern const char *const dictionary_documents[];
extern const guint dictionary_documents_len;
extern const char *const dictionary_uuids[];
extern const guint dictionary_uuids_len;

G_END_DECLS
