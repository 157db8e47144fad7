#ifndef SYNC_HUB_STORE_SQL_H
#define SYNC_HUB_STORE_SQL_H

/* The hub's SQL, by id. For store_index.c alone; the tables are in
 * store_schema.h. */
enum stmt {
    BEGIN,
    COMMIT,
    ROLLBACK,
    CHAIN_MAKE,
    CHAIN_GET,
    CHAIN_EACH,
    CHAIN_HEAD,
    CHAIN_CHARGE,
    CHAIN_HEARD,
    CHAIN_SETTLED,
    CHAIN_ALARM,
    CHAIN_DAMAGED,
    CHAIN_TOUCH,
    LABEL_ADD,
    LABEL_GET,
    NEED_ADD,
    NEED_OF,
    NEED_WANTED,
    NEED_HELD,
    NEED_REMOVED,
    OBJECT_ADD,
    OBJECT_GET,
    OBJECT_DROP,
    OBJECT_EACH,
    ROUTE_SET,
    ROUTE_OF,
    META_GET,
    META_SET,
    TOTALS,
    STMTS
};

#define CHAIN_COLUMNS "name,seq,head,time,heard,bytes,alarm,alarm_a,alarm_b,changed,damaged,length,id"
#define NEED_COLUMNS "n.kind,n.state,n.object,n.size,c.name,n.seq"

static const char *const sql[STMTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [CHAIN_MAKE] = "INSERT OR IGNORE INTO chain(name) VALUES(?1)",
    [CHAIN_GET] = "SELECT " CHAIN_COLUMNS " FROM chain WHERE name=?1",
    [CHAIN_EACH] = "SELECT " CHAIN_COLUMNS " FROM chain ORDER BY name",
    [CHAIN_HEAD] = "UPDATE chain SET seq=?2,head=?3,time=?4,length=?5,changed=1 WHERE id=?1",
    [CHAIN_CHARGE] = "UPDATE chain SET bytes=bytes+?2,changed=1 WHERE id=?1",
    [CHAIN_HEARD] = "UPDATE chain SET heard=?2,changed=1 WHERE name=?1",
    [CHAIN_SETTLED] = "UPDATE chain SET changed=0 WHERE name=?1",
    [CHAIN_ALARM] = "UPDATE chain SET alarm=?2,alarm_a=?3,alarm_b=?4,changed=1 WHERE name=?1 AND alarm=0",
    [CHAIN_DAMAGED] = "UPDATE chain SET damaged=?2 WHERE name=?1",
    [CHAIN_TOUCH] = "UPDATE chain SET changed=1 WHERE id IN (SELECT chain FROM need WHERE object=?1)",
    [LABEL_ADD] = "INSERT INTO label(chain,seq,hash,offset,length) VALUES(?1,?2,?3,?4,?5)",
    [LABEL_GET] =
        "SELECT l.hash,l.offset,l.length FROM label l JOIN chain c ON c.id=l.chain WHERE c.name=?1 AND l.seq=?2",
    [NEED_ADD] = "INSERT OR IGNORE INTO need(object,chain,seq,kind,size,state) VALUES(?1,?2,?3,?4,?5,"
                 "CASE WHEN EXISTS(SELECT 1 FROM object WHERE name=?1 AND (size=?5 OR ?5=0)) THEN 2 ELSE 1 END)",
    [NEED_OF] = "SELECT " NEED_COLUMNS " FROM need n JOIN chain c ON c.id=n.chain WHERE n.object=?1",
    [NEED_WANTED] = "SELECT " NEED_COLUMNS " FROM need n JOIN chain c ON c.id=n.chain WHERE c.name=?1 AND n.state=1 "
                    "ORDER BY n.seq",
    [NEED_HELD] = "UPDATE need SET state=2 WHERE object=?1 AND state=1 AND (size=?2 OR size=0)",
    [NEED_REMOVED] = "UPDATE need SET state=3 WHERE object=?1",
    [OBJECT_ADD] = "INSERT OR IGNORE INTO object(name,size,chain) VALUES(?1,?2,?3)",
    [OBJECT_GET] = "SELECT size,chain FROM object WHERE name=?1",
    [OBJECT_DROP] = "DELETE FROM object WHERE name=?1",
    [OBJECT_EACH] = "SELECT name,size FROM object ORDER BY name",
    [ROUTE_SET] = "INSERT INTO route(token,chain,last) VALUES(?1,?2,?3) "
                  "ON CONFLICT(token,chain) DO UPDATE SET last=excluded.last WHERE last<excluded.last",
    [ROUTE_OF] = "SELECT c.name,r.last FROM route r JOIN chain c ON c.id=r.chain WHERE r.token=?1 ORDER BY c.name",
    [META_GET] = "SELECT value FROM meta WHERE name=?1",
    [META_SET] = "INSERT OR REPLACE INTO meta(name,value) VALUES(?1,?2)",
    [TOTALS] = "SELECT (SELECT count(*) FROM chain WHERE seq>0),(SELECT coalesce(sum(seq),0) FROM chain),"
               "(SELECT count(*) FROM object),(SELECT coalesce(sum(bytes),0) FROM chain),"
               "(SELECT count(*) FROM need WHERE state=1),(SELECT count(*) FROM need WHERE state=3),"
               "(SELECT count(*) FROM chain WHERE alarm>0)",
};

#endif
