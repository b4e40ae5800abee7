" SPDX-License-Identifier: MIT
"
" Vim writes what it edits into files beside it and in the home: a swap file, a backup, an undo file, and registers in viminfo.
" Of what is below the mountpoint it keeps none of them. Sourced from vimrc, which comes before the first file is read.
if !exists('g:tacit_mount')
  let g:tacit_mount = '/secrets'
endif

augroup tacit
  autocmd!
  execute 'autocmd BufNewFile,BufReadPre' g:tacit_mount .. '/*'
    \ 'setlocal noswapfile noundofile | set nobackup nowritebackup viminfo='
augroup END
