/*
 * Second results that did not come: the next so many of their kind are orphans.
 *
 * It knows who owes what, and for how long. What a second result says, and when one is
 * missing, is the other files' of the exchange.
 */
#include "exchange_in.h"

#define INDEX(second) (BC260Y_SOCKET_COUNT + (second)-BC260Y_SECOND_SEND)

struct bc260y_owed *bc260y_exchange_owed(struct bc260y_exchange *x, uint8_t second, uint8_t id,
					 uint64_t now_ms)
{
	struct bc260y_owed *owed = &x->owed[INDEX(second)];

	if (second == BC260Y_SECOND_OPEN)
		owed = &x->owed[id];
	if (now_ms > owed->until_ms)
		owed->count = owed->doubt = 0;
	return owed;
}

static void count_up(struct bc260y_owed *owed)
{
	if (owed->count < UINT8_MAX)
		owed->count++;
}

/* Its second result may still come. Where that can't be told from an older one's, all of
 * them may for as long. */
static void owe(struct bc260y_exchange *x, uint64_t now_ms)
{
	struct bc260y_owed *owed;

	if (x->dns_header) {
		x->dns_orphans = x->dns_left;
		return;
	}
	owed = bc260y_exchange_owed(x, x->shape.second, x->shape.id, now_ms);
	owed->until_ms = now_ms + BC260Y_OWED_DEADLINES * x->shape.second_ms;
	if (!x->tainted)
		count_up(owed);
}

void bc260y_exchange_settle(struct bc260y_exchange *x, enum bc260y_second second, uint8_t id)
{
	struct bc260y_owed *owed;

	if (second == BC260Y_SECOND_NONE || second >= BC260Y_SECOND_COUNT ||
	    (second == BC260Y_SECOND_OPEN && id >= BC260Y_SOCKET_COUNT))
		return;
	owed = bc260y_exchange_owed(x, (uint8_t)second, id, x->fed_ms);
	owed->doubt = (uint8_t)MIN(owed->doubt + owed->count, UINT8_MAX);
	owed->count = 0;
}

bool bc260y_exchange_barred(struct bc260y_exchange *x, uint64_t now_ms)
{
	return x->shape.second >= BC260Y_SECOND_DNS &&
	       bc260y_exchange_owed(x, x->shape.second, 0, now_ms)->count;
}

uint64_t bc260y_exchange_rest_ms(const struct bc260y_exchange *x)
{
	const struct bc260y_owed *dns = &x->owed[INDEX(BC260Y_SECOND_DNS)];

	return x->shape.second == BC260Y_SECOND_DNS && dns->doubt ? dns->until_ms : 0;
}

bool bc260y_exchange_owes(struct bc260y_exchange *x, uint64_t now_ms)
{
	for (size_t i = 0; i < BC260Y_OWED_COUNT; i++)
		if (x->owed[i].count && now_ms <= x->owed[i].until_ms)
			return true;
	return false;
}

void bc260y_exchange_taint(struct bc260y_exchange *x, uint64_t now_ms)
{
	struct bc260y_owed *owed = bc260y_exchange_owed(x, x->shape.second, x->shape.id, now_ms);

	x->tainted = owed->count > 0;
	if (!x->tainted)
		return;
	count_up(owed);
	owed->until_ms = BC260Y_NEVER; /* none is lost before this one's */
}

void bc260y_exchange_leave_owed(struct bc260y_exchange *x, enum bc260y_status status, bool missing,
				uint64_t now_ms)
{
	struct bc260y_owed *owed = bc260y_exchange_owed(x, x->shape.second, x->shape.id, now_ms);

	if (missing && !x->seconded)
		owe(x, now_ms);
	if (x->tainted && status == BC260Y_STATUS_ERROR && owed->count)
		owed->count--;
	/* In doubt the one that came may have been the older, and its own still come. */
	if (x->tainted || (x->seconded && owed->doubt))
		owed->until_ms = now_ms + BC260Y_OWED_DEADLINES * x->shape.second_ms;
	/* 2.3.6 note 2: that the others do not come was taken from a quiet. */
	if (x->shape.second == BC260Y_SECOND_DNS && x->seconded && x->dns_left) {
		owed->doubt = 1;
		owed->until_ms = now_ms + BC260Y_DNS_REST_MS;
	}
}
