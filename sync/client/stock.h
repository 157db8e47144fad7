#ifndef SYNC_CLIENT_STOCK_H
#define SYNC_CLIENT_STOCK_H

#include "storage/vault/station.h"
#include "sync/client/offers.h"

/* A station's folder as the stock of its offers; s outlives it. */
struct offers_stock stock_of(struct station *s);

#endif
