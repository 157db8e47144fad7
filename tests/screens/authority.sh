# An administrator's station, and the district's authority on a medium.
station_enrol centre brigade-7 supervisor ainur admin
mkdir "$T/medium"
