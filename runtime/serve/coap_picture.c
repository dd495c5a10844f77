/* SPDX-License-Identifier: Apache-2.0
 * Pictures that clients send, in one message or in blocks: RFC 7959. */
#include "serve/coap_exchange.h"
#include "serve/crc.h"

enum { BLOCK_MORE = 8, BLOCK_SIZE = 7 /* bits of the option */ };

static size_t sum_of_option(const coap_pdu_t *in, coap_option_num_t number, uint64_t *sum) {
    coap_opt_iterator_t at;
    coap_opt_t *option = coap_check_option(in, number, &at);
    if (option) *sum = serve_number_of(*sum, coap_opt_value(option), coap_opt_length(option));
    return option ? coap_opt_length(option) : 0;
}

/* Two of one client are told apart by their queries and Request-Tags (RFC 9175 section 3). */
void exchange_find_block(struct exchange *e) {
    unsigned block = 0, total = 0;
    struct upload_block *b = &e->block;
    coap_get_data(e->in, &b->size, &b->bytes);
    e->blocks = exchange_option(e->in, COAP_OPTION_BLOCK1, &block) && (block >> 4 || block & BLOCK_MORE);
    exchange_option(e->in, COAP_OPTION_SIZE1, &total);
    b->of = e->from;
    b->key = serve_number_of(SERVE_NUMBER, &e->row, sizeof e->row);
    if (e->query && e->query->length) b->key = serve_number_of(b->key, e->query->s, e->query->length);
    sum_of_option(e->in, COAP_OPTION_RTAG, &b->key);
    b->more = block & BLOCK_MORE, b->offset = (size_t)(block >> 4) << ((block & BLOCK_SIZE) + 4);
    b->total = total, b->most = SERVE_PICTURE;
    e->follows = e->blocks && uploads_follows(&e->coap->uploads, b);
}

void exchange_add_block(struct exchange *e) {
    coap_opt_iterator_t at;
    unsigned block = 0;
    exchange_option(e->in, COAP_OPTION_BLOCK1, &block);
    if (!coap_check_option(e->out, COAP_OPTION_BLOCK1, &at)) /* libcoap has added it, where it follows the blocks too */
        exchange_add_number(e->out, COAP_OPTION_BLOCK1, block);
}

/* false: an answer is set. */
static bool put_block(struct exchange *e) {
    unsigned block = 0;
    exchange_option(e->in, COAP_OPTION_BLOCK1, &block);
    size_t whole = (size_t)16 << (block & BLOCK_SIZE);
    if ((block & BLOCK_SIZE) == BLOCK_SIZE || e->block.size > whole || (e->block.more && e->block.size != whole)) {
        exchange_fault(e, 400, "a block has not the size that it tells");
        return false;
    }
    switch (uploads_put(&e->coap->uploads, &e->block, e->request.now_ms, &e->upload)) {
    case UPLOAD_MORE: exchange_code(e, 231), exchange_add_block(e); break;
    case UPLOAD_GAP: exchange_fault(e, 408, "a block before this one is missing: begin again"); break;
    case UPLOAD_BUSY: exchange_fault(e, 503, "others send pictures: ask again in a second"); break;
    case UPLOAD_LONG: exchange_fault(e, 413, "a picture is at most 4 MiB"); break;
    case UPLOAD_WHOLE: e->request.body = e->upload->bytes, e->request.body_size = e->upload->size; return true;
    }
    return false;
}

/* false: an answer is set. */
bool exchange_picture(struct exchange *e) {
    unsigned format = OCTETS;
    exchange_option(e->in, COAP_OPTION_CONTENT_FORMAT, &format);
    if (format != OCTETS && format != JPEG && format != PNG && format != GIF) {
        exchange_fault(e, 415, "a picture is image/jpeg, image/png, image/gif, or has no format");
        return false;
    }
    if (e->blocks) return put_block(e);
    e->request.body = e->block.bytes, e->request.body_size = e->block.size;
    return true;
}
