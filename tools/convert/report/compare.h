/* SPDX-License-Identifier: Apache-2.0
 * Two blobs next to each other, for people and scripts: ocelli-convert --compare A B. */
#ifndef CONVERT_COMPARE_H
#define CONVERT_COMPARE_H

/* Prints what differs: keys, tensors, and the embeddings of the self-test. 0: nothing, 1: something (the blobs' digests
 * and hashes apart), 2: a file could not be read, which was said. */
int compare_blobs(const char *one, const char *other);

#endif
