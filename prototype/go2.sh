export MALLOC_ARENA_MAX=1 MAXG=1 RESTORE=0 BTARGET=0 OMP_NUM_THREADS=1 NADV=0 NTAP=0 GATE=0
exec /work/venv/bin/torchrun --nproc_per_node 2 --master_port 29514 train.py /work/runs/e2 --shards /work/runs/n4/features /work/runs/x1/features /work/runs/s8/features /work/runs/s9/features --init /work/s13/g60.pt --size 64,8,256,16 --lr 3e-4 --warm 50 --valid 100 --seed 16 --ema .99
