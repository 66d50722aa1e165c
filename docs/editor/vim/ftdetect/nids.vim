autocmd BufRead,BufNewFile *.nids setfiletype nids
