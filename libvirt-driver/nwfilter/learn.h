/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding out what addresses guests have, by looking at what passes their interfaces. One interface
 * is looked at as long as something can be learned; it need not be there yet, and may go and come
 * back, as it does when its guest reboots.
 */
#pragma once

#include "learn-packet.h"

G_BEGIN_DECLS

typedef struct NwfilterLearner NwfilterLearner;

/* In the loop thread; sighting is borrowed. */
typedef void (*NwfilterLearnFunc)(const char *portdev, const NwfilterSighting *sighting,
                                  gpointer user_data);

NwfilterLearner *nwfilter_learner_new(NwfilterLearnFunc func, gpointer user_data);
void nwfilter_learner_free(NwfilterLearner *learner); /* NULL-safe */

/* From any thread. mac: 6 bytes, the guest's. */
void nwfilter_learner_watch(NwfilterLearner *learner, const char *portdev, const guint8 *mac,
                            NwfilterLearning learning);
void nwfilter_learner_forget(NwfilterLearner *learner, const char *portdev);

G_END_DECLS
