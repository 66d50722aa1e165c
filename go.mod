module github.com/luanids/luanids

go 1.26
